internal import Model
internal import Reconciler
internal import SQLiteJournal
internal import Workshop

/// What the making of a sandbox's services wrote, the newest of each.
struct BuildLogs {
    /// How long a build that is about to begin is waited for.
    private static let patience = Duration.seconds(60)
    /// How long the first line of one is waited for while those of others are shown.
    private static let shortPatience = Duration.seconds(10)
    private static let rhythm = Duration.milliseconds(100)

    let addressee: Addressee
    let journal: SQLiteJournal
    let directory: DataDirectory
    let selection: LogSelection
    /// By the containers' labels, where the journal remembers nothing.
    let labels: () async throws -> [ServiceName: Workpiece.ID]

    private var shelves: LogShelves { LogShelves(directory, journal) }

    func show(on printer: LogPrinter) async throws {
        let pieces = try await pieces().sorted { $0.key < $1.key }
        await printer.announce(pieces.map(\.key.text))
        if selection.follow {
            await follow(pieces, on: printer)
        } else {
            let sources = pieces.map { service, piece in
                var lines = shelves.lines(of: piece, selection).makeAsyncIterator()
                return LogMerge.Source(speaker: service.text) {
                    await lines.next(isolation: #isolation).map {
                        SpokenLine(speaker: service.text, at: $0.at, text: $0.text)
                    }
                }
            }
            try await LogMerge.show(sources, on: printer)
        }
    }

    /// What was made, or is: those of which there is a log, and those that are waited for where they are followed.
    private func pieces() async throws -> [ServiceName: Workpiece.ID] {
        let end = ContinuousClock.now.advanced(by: Self.patience)
        var isSaid = false
        while true {
            var known = try await MadeOf(addressee.sandbox, in: journal).pieces
            if known.isEmpty { known = try await labels() }
            known = known.filter { service, _ in addressee.service.map { $0 == service } ?? true }
            let told = known.filter { shelves.has($0.value) }
            if !told.isEmpty { return selection.follow ? known : told }
            guard selection.follow, ContinuousClock.now < end else { throw refusal(known) }
            if !isSaid {
                Terminal.complain(
                    "Nothing is being made of \(addressee.description) yet; a build is waited for, for up to a minute.")
            }
            isSaid = true
            try await Task.sleep(for: Self.rhythm)  // SAFE: a bounded wait, until the end above
        }
    }

    private func refusal(_ known: [ServiceName: Workpiece.ID]) -> Complaint {
        guard let piece = known.values.sorted().first else {
            return Complaint(
                "nothing of \(addressee.description) was made of a repository here; "
                    + "berth status \(addressee.sandbox) tells what it is made of, and what keeps it")
        }
        return Complaint(
            "nothing is written of \(piece.spoken) yet, or its log was removed with it; try again with --follow")
    }

    /// As they come, until nobody works on any of them.
    private func follow(
        _ pieces: [(key: ServiceName, value: Workpiece.ID)], on printer: LogPrinter
    ) async {
        let (selection, shelves) = (selection, shelves)
        await withTaskGroup(of: Bool.self) { group in
            for (service, piece) in pieces {
                group.addTask {
                    await Self.wait { shelves.has(piece) }
                    for await line in shelves.lines(of: piece, selection) {
                        let spoken = SpokenLine(speaker: service.text, at: line.at, text: line.text)
                        guard await printer.show(spoken) else { return false }
                    }
                    return true
                }
            }
            for await goesOn in group where !goesOn { group.cancelAll() }
        }
    }

    private static func wait(until isThere: () -> Bool) async {
        let end = ContinuousClock.now.advanced(by: shortPatience)
        while !isThere(), ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: rhythm)  // SAFE: a bounded wait, which a cancellation ends
        }
    }
}
