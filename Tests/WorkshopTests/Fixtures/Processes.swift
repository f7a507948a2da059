import Foundation

/// Processes of this machine, by what `/proc` says.
enum Processes {
    /// Those alive that have `text` in their command line.
    static func alive(with text: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // SAFE: Linux has it
        return names.compactMap { Int32($0) }.filter { pid in
            commandLine(of: pid).contains(text) && isAlive(pid)
        }
    }

    static func isAlive(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),  // SAFE: gone is dead
            let end = stat.lastIndex(of: ")")
        else { return false }
        return !stat[end...].hasPrefix(") Z")
    }

    static func commandLine(of pid: Int32) -> String {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return String(decoding: data.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
    }
}
