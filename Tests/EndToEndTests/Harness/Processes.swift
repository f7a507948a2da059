internal import Foundation

/// A process that does nothing for long, which no other test has: what is left of a build can be found by it.
struct Sleeper {
    /// How long it sleeps: ten minutes and a fraction that is nobody else's.
    let seconds: String

    init() { seconds = "600.\(UInt32.random(in: 100_000...999_999))" }

    /// Lines of a shell that start two of them, one in the background, and never get further.
    var lines: String { "sh -c 'sleep \(seconds) & sleep \(seconds)'" }

    /// The processes that sleep so.
    var processes: [pid_t] {
        Processes.all.filter { id in
            let words = Processes.text(of: id, "cmdline").split(separator: "\0")
            return words.last.map { $0 == seconds } ?? false
        }
    }
}

/// The processes of this machine, as far as these tests may look.
enum Processes {
    static var all: [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // SAFE: no table, none
        return names.compactMap { pid_t($0) }
    }

    /// `cmdline` or `environ` of a process; parts end with a zero.
    static func text(of id: pid_t, _ file: String) -> String {
        // SAFE: it is gone
        String(decoding: (try? Data(contentsOf: URL(filePath: "/proc/\(id)/\(file)"))) ?? Data(), as: UTF8.self)
    }
}
