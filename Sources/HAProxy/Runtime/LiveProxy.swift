internal import Glibc
internal import Reconciler

/// A proxy that runs, through its admin socket.
struct LiveProxy {
    struct Identity: Hashable {
        let pid: Int32
        /// What its configuration calls itself; see ``describe(_:)``.
        let description: String
    }

    struct Entry: Hashable {
        /// HAProxy's own, good for removing one of several with equal keys.
        let reference: String
        let key: String
        let value: String
    }

    let folder: GatewayFolder
    let operation: String

    private var socket: AdminSocket { AdminSocket(path: folder.adminSocket) }

    /// `nil` where no proxy answers.
    func identity() throws(HostError) -> Identity? {
        do throws(AdminSocket.Failure) {
            var pid: Int32?
            var description = ""
            for line in try socket.ask("show info").split(separator: "\n") {
                if line.hasPrefix("Pid: ") { pid = Int32(line.dropFirst(5)) }
                if line.hasPrefix("description: ") { description = String(line.dropFirst(13)) }
            }
            guard let pid else { throw .broken("show info names no process") }
            return Identity(pid: pid, description: description)
        } catch {
            switch error {
            case .down: return nil
            case .broken(let why): throw HostError(operation, .unreachable, why)
            }
        }
    }

    func entries(of table: Table) throws(HostError) -> [Entry] {
        let text = try ask("show map \(folder.file(of: table))")
        if text.hasPrefix("Unknown map") {
            throw HostError(operation, .stale, "the proxy has no map \(table.rawValue)")
        }
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2 else { return nil }
            return Entry(reference: parts[0], key: parts[1], value: parts.count == 3 ? parts[2] : "")
        }
    }

    /// Makes `key` have `value`, and reads it back.
    ///
    /// `add map` on a key that is there makes a second entry, behind the first; so a present key is set.
    func put(_ key: String, _ value: String, in table: Table) throws(HostError) {
        let before = try look(up: key, in: table)
        if before == .present(value) { return }
        let verb = before == .absent ? "add" : "set"
        let answer = try ask("\(verb) map \(folder.file(of: table)) \(key) \(value)")
        let after = try look(up: key, in: table)
        guard after == .present(value) else {
            let words = answer.isEmpty ? "" : " (\(bounded(answer)))"
            throw HostError(operation, .stale, "map \(table.rawValue) has \(after) for \(key), not \(value)\(words)")
        }
    }

    /// Makes sure that `key` is absent.
    func drop(_ key: String, from table: Table) throws(HostError) {
        for _ in 0..<Bound.deleteAttempts {
            if try look(up: key, in: table) == .absent { return }
            _ = try ask("del map \(folder.file(of: table)) \(key)")
        }
        throw HostError(operation, .stale, "map \(table.rawValue) still has \(key)")
    }

    func drop(_ entry: Entry, from table: Table) throws(HostError) {
        _ = try ask("del map \(folder.file(of: table)) #\(entry.reference)")
    }

    /// Sessions whose server side is `address:port`. In HTTP mode HAProxy has a session only for a request under way
    /// or an upgraded connection; a client that merely keeps its connection open has none. `show sess all` prints the
    /// destination that was set for the request as the server's `addr`.
    func sessions(to destination: String) throws(HostError) -> Int {
        let wanted = " addr=\(destination)"
        return try ask("show sess all").split(separator: "\n")
            .count { $0.hasPrefix("  server=") && $0.hasSuffix(wanted) }
    }

    private enum Finding: Hashable, CustomStringConvertible {
        case absent
        case present(String)

        var description: String {
            switch self {
            case .absent: "nothing"
            case .present(let value): bounded(value)
            }
        }
    }

    private func look(up key: String, in table: Table) throws(HostError) -> Finding {
        let answer = try ask("get map \(folder.file(of: table)) \(key)")
        if answer.contains(", found=no") { return .absent }
        guard answer.contains(", found=yes"), let start = answer.firstRange(of: ", value=\"")?.upperBound,
            let end = answer[start...].firstRange(of: "\", type=")?.lowerBound
        else { throw HostError(operation, .stale, "get map \(table.rawValue) answered \(bounded(answer))") }
        return .present(String(answer[start..<end]))
    }

    private func ask(_ command: String) throws(HostError) -> String {
        do throws(AdminSocket.Failure) {
            return try socket.ask(command)
        } catch {
            switch error {
            case .down:
                throw HostError(operation, .unreachable, "gateway \(folder.name) does not run; configure it first")
            case .broken(let why):
                throw HostError(operation, .unreachable, why)
            }
        }
    }
}

/// The beginning of what somebody else wrote, fit for a message.
func bounded(_ text: String) -> String {
    let clean = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    return String(clean.prefix(Bound.messageBytes))
}
