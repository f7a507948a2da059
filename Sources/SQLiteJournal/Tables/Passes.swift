internal import GRDB
package import Model
package import Reconciler

extension SQLiteJournal {
    package func begin(_ pass: PassRecord) async throws(JournalError) -> PassID {
        let retention = retention
        let subject = pass.sandbox?.text ?? pass.piece?.text ?? "what is every sandbox's"
        return try await write("begin a pass of \(subject)") { db in
            try db.execute(
                literal: """
                    INSERT INTO pass (sandbox, piece, revision, cause, startedAt, planText, steps)
                    VALUES (\(pass.sandbox?.text), \(pass.piece?.text), \(pass.revision.text),
                        \(pass.cause.atMost(Longest.message)), \(pass.startedAt.milliseconds),
                        \(pass.plan.atMost(Longest.plan)), \(pass.steps))
                    """)
            let id = db.lastInsertedRowID
            for (position, origin) in pass.origins.enumerated() {
                try db.execute(
                    literal: """
                        INSERT INTO origin (pass, position, service, repository, reference, commitID, piece, environments)
                        VALUES (\(id), \(position), \(origin.service?.text), \(origin.repository.text),
                            \(origin.reference.atMost(Longest.message)), \(origin.commit.text), \(origin.piece.text),
                            \(origin.environments.map(\.text).joined(separator: ",")))
                        """)
            }
            // Ids only grow, so what is too old is a few rows at one end.
            try db.execute(literal: "DELETE FROM pass WHERE id <= \(id - retention.passes)")
            return PassID(id)
        }
    }

    /// The same step may be told again; its newest telling of each result stays.
    package func record(_ step: StepRecord, of pass: PassID) async throws(JournalError) {
        let operation = "record step \(step.index) of pass \(pass.number)"
        try await write(operation) { db in
            try requirePass(pass, in: db, for: operation)
            try db.execute(
                literal: """
                    INSERT OR REPLACE INTO step (pass, position, result, action, service, cause, at, message)
                    VALUES (\(pass.number), \(step.index), \(step.result.rawValue), \(step.action),
                        \(step.service?.text), \(step.cause.atMost(Longest.message)), \(step.at.milliseconds),
                        \(step.message.atMost(Longest.message)))
                    """)
        }
    }

    /// Ending a pass again the same way is harmless, another way is a conflict.
    package func end(
        _ pass: PassID, _ outcome: PassOutcome, at time: Timestamp, message: String
    ) async throws(JournalError) {
        let operation = "end pass \(pass.number) as \(outcome.rawValue)"
        try await write(operation) { db in
            try requirePass(pass, in: db, for: operation)
            try db.execute(
                literal: """
                    UPDATE pass SET outcome = \(outcome.rawValue), endedAt = \(time.milliseconds),
                        message = \(message.atMost(Longest.message))
                    WHERE id = \(pass.number) AND outcome IS NULL
                    """)
            guard db.changesCount == 0 else { return }
            let ended =
                try SQLRequest<String>(literal: "SELECT outcome FROM pass WHERE id = \(pass.number)").fetchOne(db) ?? ""
            guard ended == outcome.rawValue else {
                throw JournalError(operation, .conflict, "it ended as \(ended) already")
            }
        }
    }

    /// Marks every pass without an outcome as left by a crash. For the start of a daemon, before its first pass.
    ///
    /// Returns how many there were.
    @discardableResult
    package func abandonUnfinishedPasses(at time: Timestamp) async throws(JournalError) -> Int {
        try await write("mark the passes a crash left") { db in
            try db.execute(
                literal: """
                    UPDATE pass SET outcome = \(PassOutcome.abandoned.rawValue), endedAt = \(time.milliseconds),
                        message = 'found half done after a crash'
                    WHERE outcome IS NULL
                    """)
            return db.changesCount
        }
    }

    /// Those of one sandbox, or of all that passes are about.
    package func passes(of sandbox: SandboxName?, limit: Int) async throws(JournalError) -> [PassSummary] {
        try await read("read the passes") { db in
            let filter: SQL = sandbox.map { "WHERE sandbox = \($0.text)" } ?? ""
            return try summaries(among: "\(filter) ORDER BY id DESC LIMIT \(max(0, limit))", in: db)
        }
    }

    /// A pass that makes something says of what; one that discards it does not.
    package func passes(
        making pieces: Set<Workpiece.ID>
    ) async throws(JournalError) -> [Workpiece.ID: PassSummary] {
        try await read("read the passes that made something") { db in
            var newest: [Workpiece.ID: PassSummary] = [:]
            for piece in pieces {
                let making: SQL = """
                    WHERE piece = \(piece.text) AND EXISTS (SELECT * FROM origin WHERE origin.pass = pass.id)
                    ORDER BY id DESC LIMIT 1
                    """
                newest[piece] = try summaries(among: making, in: db).first
            }
            return newest
        }
    }

    /// In order of time, those of one moment in the order of the plan; a step that began and ended is two.
    package func steps(of pass: PassID) async throws(JournalError) -> [StepRecord] {
        try await read("read the steps of pass \(pass.number)") { db in
            try SQLRequest<Row>(
                literal: """
                    SELECT position, action, service, cause, result, at, message FROM step
                    WHERE pass = \(pass.number) ORDER BY at, position, result DESC
                    """
            ).fetchAll(db).map(StepRecord.init)
        }
    }
}

/// The passes that `selection` leaves, with their origins.
private func summaries(among selection: SQL, in db: Database) throws -> [PassSummary] {
    let rows = try SQLRequest<Row>(
        literal: """
            SELECT id, sandbox, piece, revision, cause, startedAt, planText, steps, outcome, endedAt, message
            FROM pass \(selection)
            """
    ).fetchAll(db)
    var origins: [Int64: [PassRecord.Origin]] = [:]
    let told = try SQLRequest<Row>(
        literal: """
            SELECT pass, service, repository, reference, commitID, piece, environments FROM origin
            WHERE pass IN (SELECT id FROM pass \(selection)) ORDER BY pass, position
            """
    ).fetchAll(db)
    for row in told { origins[try row.value("pass"), default: []].append(try PassRecord.Origin(row)) }
    return try rows.map { row in try PassSummary(row, origins: origins[try row.value("id"), default: []]) }
}

private func requirePass(_ pass: PassID, in db: Database, for operation: String) throws {
    let isThere = try SQLRequest<Bool>(literal: "SELECT EXISTS (SELECT * FROM pass WHERE id = \(pass.number))")
        .fetchOne(db)
    guard isThere == true else {
        throw JournalError(operation, .unavailable, "there is no such pass; was the journal moved away meanwhile?")
    }
}

extension PassSummary {
    fileprivate init(_ row: Row, origins: [PassRecord.Origin]) throws {
        self.init(
            id: PassID(try row.value("id")),
            record: PassRecord(
                sandbox: try row.optionalName("sandbox"), revision: try row.commit("revision"),
                cause: try row.value("cause"),
                startedAt: try row.time("startedAt"), plan: try row.value("planText"), steps: try row.value("steps"),
                piece: try row.optionalPiece("piece"), origins: origins),
            outcome: try row.optionalWord("outcome"), endedAt: try row.optionalTime("endedAt"),
            message: try row.value("message"))
    }
}

extension PassRecord.Origin {
    fileprivate init(_ row: Row) throws {
        self.init(
            service: try row.optionalName("service"), repository: try row.name("repository"),
            reference: try row.value("reference"), commit: try row.commit("commitID"), piece: try row.piece("piece"),
            environments: try row.names("environments"))
    }
}

extension StepRecord {
    fileprivate init(_ row: Row) throws {
        self.init(
            index: try row.value("position"), action: try row.value("action"),
            service: try row.optionalName("service"), cause: try row.value("cause"), result: try row.word("result"),
            at: try row.time("at"), message: try row.value("message"))
    }
}
