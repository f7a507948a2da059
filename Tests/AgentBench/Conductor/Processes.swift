internal import Foundation
internal import Glibc

/// What the kernel says of processes.
enum Processes {
    /// Resident memory in MiB.
    static func memory(of pid: Int32) -> Double { (number("VmRSS:", of: pid) ?? 0) / 1024 }

    /// The most that it ever was, in MiB.
    static func mostMemory(of pid: Int32) -> Double { (number("VmHWM:", of: pid) ?? 0) / 1024 }

    /// Processor time used so far, in seconds.
    static func processorSeconds(of pid: Int32) -> Double {
        let text = text(of: "/proc/\(pid)/stat")
        // The name in parentheses may hold anything.
        guard let end = text.lastIndex(of: ")") else { return 0 }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    static func text(of path: String) -> String {
        // Files of the kernel have no size, so they are read to their end.
        guard let file = FileHandle(forReadingAtPath: path) else { return "" }
        return String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
    }

    private static func number(_ name: String, of pid: Int32) -> Double? {
        text(of: "/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { Double($0.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") }
    }
}

/// How many files and connections a process may have open.
enum OpenFiles {
    /// What a process has open beside the connections of its agents.
    private static let others = 256

    /// Makes room for the connections of so many agents; dialling has two for moments.
    static func allow(_ agents: Int) throws {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        let needed = rlim_t(agents * 2 + others)
        guard getrlimit(files, &limit) == 0 else { throw BenchError("the limit of open files cannot be read") }
        if limit.rlim_cur >= needed { return }
        guard limit.rlim_max >= needed else {
            throw BenchError(
                "a process may have \(limit.rlim_max) files open here, and \(agents) agents need \(needed): raise it "
                    + "with `ulimit -Hn \(needed)`, or measure fewer with --agents")
        }
        limit.rlim_cur = needed
        guard setrlimit(files, &limit) == 0 else {
            throw BenchError("\(agents) agents need \(needed) open files: raise the limit with `ulimit -n \(needed)`")
        }
    }
}
