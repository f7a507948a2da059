import Testing

@testable import AgentTransport

@Suite("The census of sessions")
struct CensusTests {
    @Test("A session whose answer is dropped before it begins gives its place back")
    func dropped() {
        let census = Census()
        for _ in 0..<20 { #expect(census.enter("micro-92", most: 4) != nil) }
    }

    @Test("A session that is left and then let go counts as one")
    func leftAndDropped() throws {
        let census = Census()
        let others = try (0..<3).map { _ in try census.enter("micro-92", most: 4).unwrapped() }
        do {
            let seat = try census.enter("micro-92", most: 4).unwrapped()
            #expect(census.enter("micro-92", most: 4) == nil)
            #expect(census.enter("gateway", most: 4) != nil)
            seat.leave()
        }
        do {
            let seat = try census.enter("micro-92", most: 4).unwrapped()
            #expect(census.enter("micro-92", most: 4) == nil)
            seat.leave()
        }
        for seat in others { seat.leave() }
    }
}
