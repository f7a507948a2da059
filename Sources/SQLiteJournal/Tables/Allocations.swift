internal import GRDB
package import Model
package import Reconciler

extension SQLiteJournal {
    package func allocations() async throws(JournalError) -> [Allocation] {
        try await read("read the allocations") { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT kind, pool, lowest, highest, service, containerPort, sandbox FROM allocation
                    ORDER BY kind, pool, lowest, highest
                    """
            ).map(Allocation.init) + Place.all(in: db)
        }
    }

    /// All or none; fails as `.conflict` where one is held by another sandbox, naming it. A subnet is held where any
    /// address of it is. A published port that the sandbox holds already may pass to another of its services.
    package func reserve(_ allocations: [Allocation]) async throws(JournalError) {
        let operation = "reserve \(allocations.map(\.description).joined(separator: ", "))"
        try await write(operation) { db in
            var taken: Set<Holding> = []
            for allocation in allocations {
                guard let holding = Holding(of: allocation) else {
                    try Place(of: allocation, for: operation)?.insert(in: db)
                    continue
                }
                guard taken.insert(holding).inserted else {
                    throw JournalError(operation, .conflict, "\(allocation) is asked for twice")
                }
                if let holder = try holding.holder(in: db, otherThan: allocation.sandbox) {
                    throw JournalError(operation, .conflict, "\(allocation) is held by sandbox \(holder)")
                }
                try holding.insert(in: db, for: allocation)
            }
        }
    }

    /// Releasing what is not held, or is held by another, changes nothing.
    package func release(_ allocations: [Allocation]) async throws(JournalError) {
        let operation = "release \(allocations.map(\.description).joined(separator: ", "))"
        try await write(operation) { db in
            for allocation in allocations {
                if let holding = Holding(of: allocation) {
                    try holding.delete(in: db, for: allocation)
                } else {
                    try Place(of: allocation, for: operation)?.delete(in: db)
                }
            }
        }
    }
}

/// A range of numbers of one pool, as the table `allocation` knows it: addresses of a node, ports of a gateway or node.
private struct Holding: Hashable {
    enum Kind: String { case subnet, listener, published }

    let kind: Kind
    let pool: String
    let lowest: Int64
    let highest: Int64

    /// `nil` for a place, which is no number of a pool.
    init?(of allocation: Allocation) {
        switch allocation.resource {
        case .subnet(let node, let subnet):
            kind = .subnet
            pool = node.text
            lowest = Int64(subnet.base)
            highest = Int64(subnet.base) + (1 << Int64(32 - subnet.prefix)) - 1
        case .listener(let gateway, let port):
            kind = .listener
            pool = gateway.text
            (lowest, highest) = (Int64(port), Int64(port))
        case .published(let node, let port, _, _):
            kind = .published
            pool = node.text
            (lowest, highest) = (Int64(port), Int64(port))
        case .place: return nil
        }
    }

    func holder(in db: Database, otherThan sandbox: SandboxName) throws -> String? {
        try SQLRequest<String>(
            literal: """
                SELECT sandbox FROM allocation
                WHERE kind = \(kind.rawValue) AND pool = \(pool) AND lowest <= \(highest) AND highest >= \(lowest)
                    AND sandbox <> \(sandbox.text)
                ORDER BY lowest LIMIT 1
                """
        ).fetchOne(db)
    }

    func insert(in db: Database, for allocation: Allocation) throws {
        let purpose = allocation.resource.purpose
        try db.execute(
            literal: """
                INSERT INTO allocation (kind, pool, lowest, highest, service, containerPort, sandbox)
                VALUES (\(kind.rawValue), \(pool), \(lowest), \(highest), \(purpose?.service.text),
                    \(purpose?.port), \(allocation.sandbox.text))
                ON CONFLICT (kind, pool, lowest, highest) DO UPDATE
                SET service = excluded.service, containerPort = excluded.containerPort
                WHERE sandbox = excluded.sandbox
                """)
    }

    func delete(in db: Database, for allocation: Allocation) throws {
        let purpose = allocation.resource.purpose
        try db.execute(
            literal: """
                DELETE FROM allocation
                WHERE kind = \(kind.rawValue) AND pool = \(pool) AND lowest = \(lowest) AND highest = \(highest)
                    AND sandbox = \(allocation.sandbox.text) AND service IS \(purpose?.service.text)
                    AND containerPort IS \(purpose?.port)
                """)
    }
}

/// A row of the table `place`.
private struct Place {
    let sandbox: SandboxName
    let node: NodeName

    /// `nil` for what is no place.
    init?(of allocation: Allocation, for operation: String) throws {
        guard case .place(let node, let sandbox) = allocation.resource else { return nil }
        guard sandbox == allocation.sandbox else {
            throw JournalError(operation, .conflict, "\(allocation) is not for sandbox \(allocation.sandbox)")
        }
        self.sandbox = sandbox
        self.node = node
    }

    static func all(in db: Database) throws -> [Allocation] {
        try Row.fetchAll(db, sql: "SELECT sandbox, node FROM place ORDER BY sandbox, node").map { row in
            let sandbox: SandboxName = try row.name("sandbox")
            return Allocation(.place(try row.name("node"), of: sandbox), to: sandbox)
        }
    }

    func insert(in db: Database) throws {
        try db.execute(
            literal: "INSERT OR IGNORE INTO place (sandbox, node) VALUES (\(sandbox.text), \(node.text))")
    }

    func delete(in db: Database) throws {
        try db.execute(literal: "DELETE FROM place WHERE sandbox = \(sandbox.text) AND node = \(node.text)")
    }
}

extension Allocation.Resource {
    /// What a published port is for.
    fileprivate var purpose: (service: ServiceName, port: UInt16)? {
        switch self {
        case .published(_, _, let service, let container): (service, container)
        case .subnet, .listener, .place: nil
        }
    }
}

extension Allocation {
    fileprivate init(_ row: Row) throws {
        let kind: Holding.Kind = try row.word("kind")
        let resource: Resource
        switch kind {
        case .subnet:
            let lowest: Int64 = try row.value("lowest")
            let highest: Int64 = try row.value("highest")
            let prefix = (highest - lowest + 1).leadingZeroBitCount - 31
            guard let base = UInt32(exactly: lowest), let subnet = Subnet(base: base, prefix: prefix) else {
                throw Unreadable(column: "lowest")
            }
            resource = .subnet(try row.name("pool"), subnet)
        case .listener:
            resource = .listener(try row.name("pool"), try row.value("lowest"))
        case .published:
            resource = .published(
                try row.name("pool"), try row.value("lowest"), try row.name("service"),
                container: try row.value("containerPort"))
        }
        self.init(resource, to: try row.name("sandbox"))
    }
}
