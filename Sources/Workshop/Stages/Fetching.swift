package import Model
package import Reconciler

extension Workshop {
    /// Fetches of one repository, which all who need them share.
    struct Fetches {
        var turns = Turns()
        var last: Result<Void, SourceError> = .success(())
        /// Turns, one after the other, that went well and did not bring what they were begun for.
        var barren: Set<Int> = []
    }

    /// Once, a branch moved on; from then on it is likelier that the mirror is damaged.
    private static let mostBarren = 2

    package func fetch(_ piece: Workpiece) async throws(HostError) {
        let mirror = settings.mirror(of: piece.repository.name)
        let isHere = await code.contains(piece.commit, in: mirror)
        try await attempt(.fetch, of: piece) { folder in
            let isKnown = folder.note?.state.isKept ?? false
            return isHere && isKnown
        } _: { site throws(HostError) in
            if !(site.folder.note?.state.isKept ?? false) { try write(.begun, site) }
            if isHere { return site.log.line("the commit is here already") }
            try Folders.make(mirror, Folders.closed, for: site.operation)
            try await share(piece.repository, into: mirror, site)
            guard await code.contains(piece.commit, in: mirror) else {
                guard CommitID(piece.reference) == nil else {
                    throw HostError(
                        site.operation, .refused,
                        "\(piece.title) is on no branch or tag of repository \(piece.repository.name); push it, or "
                            + "name another")
                }
                let fetches = fetches[piece.repository.name, default: Fetches()]
                self.fetches[piece.repository.name]?.barren.insert(fetches.turns.done)
                if fetches.barren.union([fetches.turns.done]).count >= Self.mostBarren {
                    self.fetches[piece.repository.name]?.barren = []
                    try await renounceMirror(of: piece.repository.name, for: site.operation)
                }
                throw HostError(site.operation, .stale, "\(piece.reference) moved on while it was fetched")
            }
            fetches[piece.repository.name]?.barren = []
        }
    }

    /// One fetch of a repository at a time; whoever asked before it began is content with it.
    private func share(_ repository: CodeRepository, into mirror: String, _ site: Site) async throws(HostError) {
        let name = repository.name
        let needed = fetches[name, default: Fetches()].turns.next
        while !Task.isCancelled {
            let turns = fetches[name, default: Fetches()].turns
            if turns.done >= needed { return try told(fetches[name]?.last ?? .success(()), site) }
            if turns.isRunning {
                let (end, waiter) = AsyncStream<Never>.makeStream()
                fetches[name]?.turns.wait(waiter)
                for await _ in end {}
                continue
            }
            let turn = fetches[name, default: Fetches()].turns.begin()
            let result = await bring(repository, into: mirror)
            // A fetch that its own caller gave up says nothing to the others who wait for it.
            guard !Task.isCancelled else {
                fetches[name]?.turns.abandon()
                break
            }
            fetches[name]?.last = result
            fetches[name]?.turns.end(turn)
        }
        throw HostError(site.operation, .unreachable, "the fetch was given up")
    }

    private func told(_ result: Result<Void, SourceError>, _ site: Site) throws(HostError) {
        if case .failure(let error) = result { throw HostError(site.operation, error) }
    }

    private func bring(_ repository: CodeRepository, into mirror: String) async -> Result<Void, SourceError> {
        do throws(SourceError) {
            let credential = try password(of: repository, for: "fetch \(repository.name)")
            // Sources are nobody else's to read, least of all another build's.
            do throws(HostError) { try Folders.make(mirror, Folders.closed, for: "fetch \(repository.name)") } catch {
                throw SourceError(error.operation, .unreachable, error.message)
            }
            try await code.fetch(repository, credential: credential, into: mirror)
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}

extension PieceNote.State {
    /// Whether a stage that has come this far is left as it is.
    var isKept: Bool {
        switch self {
        case .begun, .checkedOut, .made: true
        case .failed: false
        }
    }
}
