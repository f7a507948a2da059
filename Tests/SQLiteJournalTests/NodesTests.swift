import Model
import Reconciler
import SQLiteJournal
import Testing

@Suite("What is known of nodes comes back as it was")
struct NodesTests {
    @Test("The newest status of a node counts, until it is forgotten", arguments: NodeStatus.Connection.allCases)
    func statuses(_ connection: NodeStatus.Connection) async throws {
        let journal = try SQLiteJournal.inMemory()
        let bare = NodeStatus(node: Sample.name("micro-93"), connection: .away, since: Sample.time(1))
        var full = NodeStatus(
            node: Sample.name("micro-92"), connection: connection, since: Sample.time(2), seenAt: Sample.time(3),
            release: "0.1", engine: "Docker 20.10.24", skewMillis: -3_600_000, containers: 41, message: "odd")
        try await journal.put(bare)
        try await journal.put(full)
        #expect(try await journal.nodeStatuses() == [full, bare])

        full.skewMillis = nil
        full.containers = 0
        try await journal.put(full)
        try await journal.forget(bare.node)
        try await journal.forget(bare.node)
        #expect(try await journal.nodeStatuses() == [full])
    }

    @Test("To forget a node forgets no sandbox of its name, and the other way round")
    func namesakes() async throws {
        let journal = try SQLiteJournal.inMemory()
        let status = NodeStatus(node: Sample.name("qa"), connection: .local, since: Sample.time(1))
        try await journal.put(status)
        try await journal.put(Sample.status("qa", .unknown))
        try await journal.forget(Sample.name("qa") as SandboxName)
        #expect(try await journal.nodeStatuses() == [status])
        try await journal.put(Sample.status("qa", .ready))
        try await journal.forget(Sample.name("qa") as NodeName)
        #expect(try await journal.nodeStatuses().isEmpty)
        #expect(try await journal.statuses().count == 1)
    }

    @Test("A cordon holds until it is lifted, and the newest word counts")
    func cordons() async throws {
        let journal = try SQLiteJournal.inMemory()
        let first = Cordon(node: Sample.name("micro-93"), isDraining: false, by: "Achmad", at: Sample.time(1))
        let drain = Cordon(node: Sample.name("micro-93"), isDraining: true, by: "Dian", at: Sample.time(2))
        let other = Cordon(node: Sample.name("micro-92"), isDraining: false, by: "Dian", at: Sample.time(3))
        for cordon in [first, drain, other] { try await journal.put(cordon) }
        #expect(try await journal.cordons() == [other, drain])
        for _ in 0..<2 { try await journal.lift(Sample.name("micro-93")) }
        #expect(try await journal.cordons() == [other])
    }
}
