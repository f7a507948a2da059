internal import Glibc

/// What `/proc` tells of the processes of one build: those of its session and its group, and those that have its
/// environment. Where builds run as another user than ourselves, nothing they do takes them out of the group.
struct ProcessTable {
    /// The id of the session, which is that of its first process.
    let session: Int32?
    /// `NAME=value`, in the environment of every process of this build and of no other.
    let mark: String
    /// In the groups of every process of this build, where we may give it one.
    let group: gid_t

    /// A session as a later run of ours finds it again: ids are used anew, start times are not.
    struct Trace: Hashable {
        let session: Int32
        let startedAt: String

        init?(of session: Int32) {
            guard let facts = Facts(session) else { return nil }
            self.session = session
            startedAt = facts.startedAt
        }

        init?(text: String) {
            let fields = text.split(separator: " ").map(String.init)
            guard fields.count == 2, let session = Int32(fields[0]), session > 1 else { return nil }
            self.session = session
            startedAt = fields[1]
        }

        var text: String { "\(session) \(startedAt)" }

        /// The session, where its first process still is who it was.
        var living: Int32? { Facts(session)?.startedAt == startedAt ? session : nil }
    }

    /// Those that still run. A process that is dead and not yet fetched by its parent does not.
    var members: [Int32] {
        let ours = getpid()
        return Folders.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            guard pid != ours, let facts = Facts(pid), facts.isAlive else { return false }
            return facts.session == session || isMarked(pid) || isInGroup(pid)
        }
    }

    func signal(_ number: Int32) { for pid in members { kill(pid, number) } }

    /// How often the table is read until nobody is left.
    private static let rounds = 1000
    /// A process that becomes another program has no environment for an instant: twice nobody is nobody.
    private static let calmRounds = 2
    private static let pauseMillis: Int32 = 10

    /// Kills all there are until there are none. Whether that is so.
    func kill() -> Bool {
        var calm = 0
        for _ in 0..<Self.rounds {
            let left = members
            calm = left.isEmpty ? calm + 1 : 0
            if calm == Self.calmRounds { return true }
            for pid in left { Glibc.kill(pid, SIGKILL) }
            poll(nil, 0, Self.pauseMillis)
        }
        return false
    }

    private func kill(_ pid: Int32, _ number: Int32) { Glibc.kill(pid, number) }

    private func isMarked(_ pid: Int32) -> Bool {
        let environment = Self.contents(of: "/proc/\(pid)/environ")
        return environment.split(separator: 0).contains { $0.elementsEqual(mark.utf8) }
    }

    private func isInGroup(_ pid: Int32) -> Bool {
        let status = Self.contents(of: "/proc/\(pid)/status")
        guard let line = status.split(separator: 0x0a).first(where: { $0.starts(with: "Groups:".utf8) }) else {
            return false
        }
        return line.split { $0 == 0x20 || $0 == 0x09 }.contains { $0.elementsEqual("\(group)".utf8) }
    }

    private struct Facts {
        let isAlive: Bool
        let session: Int32
        /// Ticks since the machine started.
        let startedAt: String

        init?(_ pid: Int32) {
            let text = String(decoding: ProcessTable.contents(of: "/proc/\(pid)/stat"), as: UTF8.self)
            // The name of the program comes before, in brackets, and may hold anything.
            guard let end = text.lastIndex(of: ")") else { return nil }
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 19, let session = Int32(fields[3]) else { return nil }
            isAlive = fields[0] != "Z" && fields[0] != "X"
            self.session = session
            startedAt = String(fields[19])
        }
    }

    /// Bytes of an environment that are looked at.
    private static let longest = 256 << 10

    private static func contents(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 32 << 10)
        while bytes.count < longest {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }
}
