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
            return try Identity(answer: try socket.ask("show info"))
        } catch {
            switch error {
            case .down: return nil
            case .broken(let why): throw HostError(operation, .unreachable, why)
            }
        }
    }

    func entries(of table: Table) throws(HostError) -> [Entry] {
        let text = try ask("show map \(folder.file(of: table))")
        // A process of an older configuration: it is not current, and has no entries there.
        if text.hasPrefix("Unknown map") { return [] }
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2 else { return nil }
            return Entry(reference: parts[0], key: parts[1], value: parts.count == 3 ? parts[2] : "")
        }
    }

    /// Makes `key` have `value`, and reads it back. Returns the process that has it, and what it had before.
    ///
    /// `add map` on a key that is there makes a second entry, behind the first; so it is set, and added where that
    /// found nothing.
    @discardableResult
    func put(_ key: String, _ value: String, in table: Table) throws(HostError) -> (who: Identity, before: String?) {
        let map = folder.file(of: table)
        let look = "get map \(map) \(Self.sample(of: key, in: table))"
        let words = try ask("show info", look, "set map \(map) \(key) \(value)", look)
        let who = try identity(in: words)
        var found = try findings(in: words, key, table)
        guard found.count == 2 else { throw HostError(operation, .stale, "\(look) answered \(bounded(words))") }
        let before = found[0]
        if found[1] == nil { found = try findings(in: try ask("add map \(map) \(key) \(value)", look), key, table) }
        guard found.last == value else {
            let has = found.last.flatMap(\.self).map(bounded) ?? "nothing"
            throw HostError(operation, .stale, "map \(table.rawValue) has \(has) for \(key), not \(bounded(value))")
        }
        return (who, before)
    }

    /// What the proxy finds for `key`.
    func value(of key: String, in table: Table) throws(HostError) -> String? {
        let look = "get map \(folder.file(of: table)) \(Self.sample(of: key, in: table))"
        return try findings(in: try ask(look), key, table).first.flatMap(\.self)
    }

    /// Makes sure that `key` is absent. Returns the process, and what it had before.
    @discardableResult
    func drop(_ key: String, from table: Table) throws(HostError) -> (who: Identity, before: String?) {
        let map = folder.file(of: table)
        let look = "get map \(map) \(Self.sample(of: key, in: table))"
        var first: (Identity, String?)?
        for _ in 0..<Bound.deleteAttempts {
            let words = try ask("show info", look)
            let before = try findings(in: words, key, table).first.flatMap(\.self)
            let who = try identity(in: words)
            let outcome = first ?? (who, before)
            first = outcome
            if before == nil { return outcome }
            _ = try ask("del map \(map) \(key)")
        }
        throw HostError(operation, .stale, "map \(table.rawValue) still has \(key)")
    }

    /// Adds entries whose keys are not there yet, as many with one line as it takes.
    func add(_ entries: [(key: String, value: String)], to table: Table) throws(HostError) {
        let map = folder.file(of: table)
        try inLines(of: entries.map { "add map \(map) \($0.key) \($0.value)" })
    }

    func drop(_ keys: [String], from table: Table) throws(HostError) {
        let map = folder.file(of: table)
        try inLines(of: keys.map { "del map \(map) \($0)" })
    }

    private func inLines(of commands: [String]) throws(HostError) {
        var line: [String] = []
        var size = 0
        for command in commands {
            if size + command.utf8.count > Bound.commandBytes, !line.isEmpty {
                _ = try ask(line)
                line = []
                size = 0
            }
            line.append(command)
            size += command.utf8.count + 1
        }
        if !line.isEmpty { _ = try ask(line) }
    }

    func drop(_ entry: Entry, from table: Table) throws(HostError) {
        _ = try ask("del map \(folder.file(of: table)) #\(entry.reference)")
    }

    /// Sessions whose server side is `address:port`. In HTTP mode HAProxy has a session only for a request under way
    /// or an upgraded connection; a client that merely keeps its connection open has none. `show sess all` prints the
    /// destination that was set for the request as the server's `addr`.
    ///
    /// `nil` where no proxy answers.
    func sessions(to destination: String) throws(HostError) -> (pid: Int32, count: Int)? {
        let wanted = " addr=\(destination)"
        do throws(AdminSocket.Failure) {
            let words = try socket.ask("show info", "show sess all")
            let count = words.utf8.split(separator: UInt8(ascii: "\n"))
                .count { $0.starts(with: "  server=".utf8) && $0.suffix(wanted.utf8.count).elementsEqual(wanted.utf8) }
            return (try Identity(answer: words).pid, count)
        } catch {
            switch error {
            case .down: return nil
            case .broken(let why): throw HostError(operation, .unreachable, why)
            }
        }
    }

    /// What `get map` asks for to find an entry: an address where the keys are networks.
    private static func sample(of key: String, in table: Table) -> Substring {
        table == .networks ? key.prefix { $0 != "/" } : key[...]
    }

    private func identity(in words: String) throws(HostError) -> Identity {
        do throws(AdminSocket.Failure) {
            return try Identity(answer: words)
        } catch {
            throw HostError(operation, .stale, "show info names no process")
        }
    }

    /// The values that `get map` found, in order. Of another network that holds the address, `nil`.
    private func findings(in words: String, _ key: String, _ table: Table) throws(HostError) -> [String?] {
        var found: [String?] = []
        for line in words.split(separator: "\n") {
            if line.contains(", found=no") {
                found.append(nil)
            } else if line.contains(", found=yes") {
                guard let start = line.firstRange(of: ", value=\"")?.upperBound,
                    let end = line[start...].firstRange(of: "\", type=")?.lowerBound
                else { throw HostError(operation, .stale, "get map \(table.rawValue) answered \(bounded(words))") }
                let isIt = table != .networks || line.contains(", key=\"\(key)\", ")
                found.append(isIt ? String(line[start..<end]) : nil)
            } else if line.hasPrefix("Unknown map") {
                throw HostError(operation, .stale, "the proxy has no map \(table.rawValue); configure it again")
            }
        }
        return found
    }

    private func ask(_ commands: String...) throws(HostError) -> String { try ask(commands) }

    private func ask(_ commands: [String]) throws(HostError) -> String {
        do throws(AdminSocket.Failure) {
            return try socket.ask(commands)
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

extension LiveProxy.Identity {
    /// Reads it out of an answer to `show info`, whatever else is in there.
    fileprivate init(answer: String) throws(AdminSocket.Failure) {
        var pid: Int32?
        var description = ""
        for line in answer.split(separator: "\n") {
            if line.hasPrefix("Pid: ") { pid = Int32(line.dropFirst(5)) }
            if line.hasPrefix("description: ") { description = String(line.dropFirst(13)) }
        }
        guard let pid else { throw .broken("show info names no process") }
        self.init(pid: pid, description: description)
    }
}

/// The beginning of what somebody else wrote, fit for a message.
func bounded(_ text: String) -> String {
    let clean = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
    return String(clean.prefix(Bound.messageBytes))
}
