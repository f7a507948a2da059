internal import AgentProtocol
internal import AgentTransport
internal import Model
internal import Reconciler

/// What one full observation costs on its way.
struct FrameCost: Sendable, Codable {
    let bytes: Int
    /// In microseconds.
    let encoding: Figure
    let decoding: Figure

    private static let rounds = 50

    init(containers: Int) throws {
        let node = try SimulatedNode(0, containers: containers, world: ChangingWorld()).seen
        let frame = AgentFrame.observation(QuestionID(1), .full(ObservationID(1), node))
        let encoded = FrameCoding.encode(frame)
        guard try FrameCoding.agentFrame(encoded) == frame else {
            throw BenchError("an observation is not what it was after it was encoded and decoded")
        }
        bytes = encoded.count
        let clock = ContinuousClock()
        encoding = Figure(
            (0..<Self.rounds).map { _ in clock.measure { _ = FrameCoding.encode(frame) }.milliseconds * 1000 })
        decoding = Figure(
            try (0..<Self.rounds).map { _ in
                try clock.measure { _ = try FrameCoding.agentFrame(encoded) }.milliseconds * 1000
            })
    }
}
