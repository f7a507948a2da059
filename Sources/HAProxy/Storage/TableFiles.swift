internal import Dispatch
internal import Glibc
internal import Model
internal import Reconciler
internal import Synchronization

/// What a restart begins with: a file for each table, and a log of the edits since they were written.
///
/// An edit costs one line of the log, forced to disk; edits that come while others are being written share the next
/// write. All work is done in order on a queue of its own, so that whoever looks sees what was recorded before.
final class TableFiles: Sendable {
    private struct Entry {
        let lines: String
        /// All tables with these edits in them, where the log has grown too long.
        let tables: Tables?
        let done: CheckedContinuation<Result<Void, HostError>, Never>
    }

    private let folder: GatewayFolder
    private let queue: DispatchQueue
    private let waiting = Mutex<[Entry]>([])
    private let logBytes = Atomic(0)
    /// Files as they were read last: a large one is read again only when it is another.
    private let parsed = Mutex<[Table: (stamp: DurableFile.Stamp?, map: [String: String])]>([:])

    init(_ folder: GatewayFolder) {
        self.folder = folder
        queue = DispatchQueue(label: "berth.haproxy.files.\(folder.name)")
        logBytes.store(ChangeLog(path: folder.changes).bytes, ordering: .relaxed)
    }

    /// Whether the next edit should bring all tables along.
    var wantsTables: Bool { logBytes.load(ordering: .relaxed) > Bound.logEditBytes }

    /// Returns once the edits are on disk. `tables` are all tables with the edits in them, where ``wantsTables``.
    func record(_ edits: [Edit], tables: Tables?, for operation: String) async throws(HostError) {
        let lines = edits.map(ChangeLog.line).joined()
        let outcome = await withCheckedContinuation { done in
            waiting.withLock { $0.append(Entry(lines: lines, tables: tables, done: done)) }
            queue.async { self.writeWhatWaits(for: operation) }
        }
        try outcome.get()
    }

    /// Writes all files anew; nothing is left in the log.
    func write(_ tables: Tables, for operation: String) throws(HostError) {
        try onQueue { () throws(HostError) in
            self.writeWhatWaits(for: operation)
            try self.writeAll(tables, for: operation)
        }
    }

    /// What a restart would begin with.
    func read(for operation: String) throws(HostError) -> Tables {
        try onQueue { () throws(HostError) -> Tables in
            self.writeWhatWaits(for: operation)
            var maps: [Table: [String: String]] = [:]
            for table in Table.allCases {
                let file = DurableFile(path: self.folder.file(of: table))
                let stamp = file.stamp
                if let known = self.parsed.withLock({ $0[table] }), known.stamp == stamp {
                    maps[table] = known.map
                    continue
                }
                let map = Self.parse(try file.read(for: operation) ?? "")
                maps[table] = map
                self.parsed.withLock { $0[table] = (stamp, map) }
            }
            var tables = Tables(maps)
            for edit in try ChangeLog(path: self.folder.changes).edits(for: operation) { tables.apply(edit) }
            return tables
        }
    }

    private static func parse(_ text: String) -> [String: String] {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1) }
        return Dictionary(
            lines.filter { $0.count == 2 }.map { (String($0[0]), String($0[1])) },
            uniquingKeysWith: { first, _ in first })
    }

    private func onQueue<Value: Sendable>(
        _ work: @Sendable () throws(HostError) -> Value
    ) throws(HostError) -> Value {
        let outcome: Result<Value, HostError> = queue.sync {
            do throws(HostError) { return .success(try work()) } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    private func writeWhatWaits(for operation: String) {
        let entries = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !entries.isEmpty else { return }
        let outcome: Result<Void, HostError>
        do throws(HostError) {
            var rest = entries[...]
            if let last = entries.lastIndex(where: { $0.tables != nil }), let tables = entries[last].tables {
                try writeAll(tables, for: operation)
                rest = entries[(last + 1)...]
            }
            let lines = rest.map(\.lines).joined()
            if !lines.isEmpty {
                try ChangeLog(path: folder.changes).append(lines, for: operation)
                logBytes.add(lines.utf8.count, ordering: .relaxed)
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        for entry in entries { entry.done.resume(returning: outcome) }
    }

    /// The log ends last: what it says is in the files then, and saying it again changes nothing.
    private func writeAll(_ tables: Tables, for operation: String) throws(HostError) {
        for table in Table.allCases {
            let text = tables[table].sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
            let file = DurableFile(path: folder.file(of: table))
            if try file.read(for: operation) != text { try file.write(text, for: operation) }
        }
        try ChangeLog(path: folder.changes).clear(for: operation)
        logBytes.store(0, ordering: .relaxed)
    }
}
