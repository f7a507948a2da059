package import Model
package import Planner

/// Holds the one table of who has which port and subnet, so that passes side by side are never given the same.
package actor Pools {
    private let journal: any Journal
    private var table: AllocationTable

    package init(journal: any Journal) async throws(JournalError) {
        self.journal = journal
        table = AllocationTable(held: try await journal.allocations())
    }

    /// Takes up what a node shows to be held; a lost journal is rebuilt this way.
    package func adopt(_ observed: ObservedNode) async throws(JournalError) {
        try await draw { $0.adopt(from: observed) }
    }

    /// Makes plans that draw on the pools, and enters what they drew before anybody acts on them.
    package func plan<Result: Sendable>(
        _ make: @Sendable (inout AllocationTable) -> Result
    ) async throws(JournalError) -> Result {
        try await draw(make)
    }

    /// The same without drawing: for looking ahead.
    package func preview<Result: Sendable>(_ make: @Sendable (inout AllocationTable) -> Result) -> Result {
        var copy = AllocationTable(held: table.allocations)
        return make(&copy)
    }

    /// Where sandboxes are whose nodes we chose.
    package var places: [SandboxName: Set<NodeName>] { table.places }

    /// Enters which nodes were chosen.
    package func enter(_ chosen: [SandboxName: NodeName]) async throws(JournalError) {
        try await draw { table in
            for (sandbox, node) in chosen.sorted(by: { $0.key < $1.key }) { table.enter(sandbox, on: node) }
        }
    }

    package func release(_ allocations: [Allocation]) async throws(JournalError) {
        guard !allocations.isEmpty else { return }
        try await journal.release(allocations)
        table.release(allocations)
    }

    private func draw<Result: Sendable>(
        _ make: @Sendable (inout AllocationTable) -> Result
    ) async throws(JournalError) -> Result {
        // Taken from the table before the first suspension, so that no other pass can draw the same.
        let result = make(&table)
        let drawn = table.takeReserved()
        guard !drawn.isEmpty else { return result }
        do throws(JournalError) {
            try await journal.reserve(drawn)
        } catch {
            table.release(drawn)
            throw error
        }
        return result
    }
}
