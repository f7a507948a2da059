internal import Model
internal import Reconciler

/// Several logs as one, in order of time.
enum LogMerge {
    struct Source {
        let speaker: String
        /// `nil` at its end.
        let next: () async throws -> SpokenLine?
    }

    /// Holds one line of each at a time. What one of them cannot show is said at the end, and takes nothing from the
    /// others.
    static func show(_ sources: [Source], on printer: LogPrinter) async throws {
        var heads: [(source: Source, line: SpokenLine)] = []
        var failures: [String] = []
        func take(from source: Source) async -> SpokenLine? {
            do {
                return try await source.next()
            } catch {
                failures.append("\(source.speaker): \(error)")
                return nil
            }
        }
        for source in sources {
            if let line = await take(from: source) { heads.append((source, line)) }
        }
        while let next = heads.indices.min(by: { heads[$0].line.at < heads[$1].line.at }) {
            guard await printer.show(heads[next].line) else { return }
            if let line = await take(from: heads[next].source) {
                heads[next].line = line
            } else {
                heads.remove(at: next)
            }
        }
        guard failures.isEmpty else { throw Complaint(failures.joined(separator: "\n")) }
    }
}
