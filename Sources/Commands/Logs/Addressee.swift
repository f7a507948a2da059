package import Model
package import Reconciler

/// What a person names on the command line as `SANDBOX` or `SANDBOX/SERVICE`.
package struct Addressee {
    package let sandbox: SandboxName
    package let service: ServiceName?

    package init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts.contains("") else {
            throw Complaint("\"\(text)\" is neither SANDBOX nor SANDBOX/SERVICE")
        }
        sandbox = try SandboxName(slugging: parts[0])
        service = parts.count > 1 ? try ServiceName(slugging: parts[1]) : nil
    }

    var description: String { service.map { "\(sandbox)/\($0)" } ?? sandbox.text }

    /// Where that sandbox stands.
    package func status(in statuses: [SandboxStatus]) throws -> SandboxStatus {
        guard let status = statuses.first(where: { $0.sandbox == sandbox }) else {
            throw Complaint(
                "there is no sandbox \(sandbox)" + Self.known(statuses.map(\.sandbox.text), near: sandbox.text))
        }
        // Of one whose manifest is broken no services are told, though they may run.
        if let service, !status.services.isEmpty, !status.services.contains(where: { $0.name == service }) {
            let names = status.services.map(\.name.text)
            throw Complaint("\(sandbox) has no service \(service)" + Self.known(names, near: service.text))
        }
        return status
    }

    /// How many names are told.
    private static let mostNames = 5

    /// `; there are: qa-login-error, qa-cron`: the nearest first, and not all of many.
    static func known(_ names: [String], near word: String) -> String {
        guard !names.isEmpty else { return "; there is none" }
        let near = names.map { (distance($0, word), $0) }.sorted { $0 < $1 }.map(\.1)
        let more = near.count - mostNames
        return "; there are: " + near.prefix(mostNames).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    /// How many letters to insert, delete or replace. Names have at most 63.
    private static func distance(_ one: String, _ other: String) -> Int {
        let word = Array(other.utf8)
        var last = Array(0...word.count)
        for (row, letter) in one.utf8.enumerated() {
            var current = [row + 1]
            for column in word.indices {
                let change = last[column] + (letter == word[column] ? 0 : 1)
                current.append(min(change, last[column + 1] + 1, current[column] + 1))
            }
            last = current
        }
        return last[word.count]
    }
}

extension SandboxStatus {
    /// Whether its message says that something could not be made of this commit, in the words of the planner's blockers.
    package func blames(_ reference: String, _ commit: CommitID, for service: ServiceName?) -> Bool {
        let whose = service.map { " of \($0) " } ?? " "
        return ["\(reference) @ \(commit.short)", "commit \(commit.short)"].contains { title in
            message.contains("\(whose)(\(title)) failed")
        }
    }
}

/// What the services of a sandbox are made of, as far as the journal remembers.
package struct MadeOf {
    /// Passes looked through for the newest of each service.
    private static let mostPasses = 500

    /// The newest workpiece of each service.
    package private(set) var pieces: [ServiceName: Workpiece.ID] = [:]

    package init(_ sandbox: SandboxName, in journal: any Journal) async throws {
        var seen: [ServiceName: Timestamp] = [:]
        func take(_ piece: Workpiece.ID, for service: ServiceName, at time: Timestamp) {
            if let earlier = seen[service], earlier >= time { return }
            seen[service] = time
            pieces[service] = piece
        }
        for pass in try await journal.passes(of: sandbox, limit: Self.mostPasses) {
            for origin in pass.record.origins {
                if let service = origin.service { take(origin.piece, for: service, at: pass.record.startedAt) }
            }
        }
        for event in try await journal.awaited(by: sandbox) {
            if let service = event.service, let piece = event.piece { take(piece, for: service, at: event.at) }
        }
    }
}

/// Events of one sandbox looked through for what it waited for.
private let mostAwaited = 10_000

extension Journal {
    /// What services of a sandbox waited for, oldest first.
    func awaited(by sandbox: SandboxName) async throws -> [EventRecord] {
        try await events(after: 0, sandbox: sandbox, limit: mostAwaited).map(\.event)
            .filter { $0.kind == "piece.awaited" }
    }
}
