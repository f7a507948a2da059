internal import AgentProtocol
internal import Model

/// What a session was told of the whole node, so that it need not be told again.
struct ToldObservations: Sendable {
    /// A controller asks the whole node in one way, or in two while a commit changes the question.
    static let mostKept = 2
    /// How long ago a workpiece was asked about is told this coarsely, or no observation would ever equal another.
    static let idleStep: Int64 = 600_000

    private var lastID: UInt64 = 0
    private var kept: [(id: ObservationID, node: ObservedNode)] = []

    /// The answer to a question of the whole node, for one who knows `known`.
    mutating func answer(_ node: ObservedNode, known: ObservationID?) -> Observation {
        let node = Self.settled(node)
        if let known, let told = kept.first(where: { $0.id == known }), Self.isSame(told.node, node) {
            return .unchanged(known)
        }
        lastID += 1
        let id = ObservationID(lastID)
        kept.append((id, node))
        if kept.count > Self.mostKept { kept.removeFirst() }
        return .full(id, node)
    }

    /// The answer to a question of a part; nobody knows it again.
    mutating func answer(_ node: ObservedNode) -> Observation {
        lastID += 1
        return .full(ObservationID(lastID), node)
    }

    /// The order of lists means nothing: one order, so that equal observations are equal.
    private static func settled(_ node: ObservedNode) -> ObservedNode {
        var node = node
        node.containers.sort { $0.id < $1.id }
        node.networks.sort { $0.id < $1.id }
        return node
    }

    private static func isSame(_ told: ObservedNode, _ seen: ObservedNode) -> Bool {
        coarse(told) == coarse(seen)
    }

    private static func coarse(_ node: ObservedNode) -> ObservedNode {
        var node = node
        node.workshop.pieces = node.workshop.pieces.mapValues { piece in
            var piece = piece
            piece.idleMillis /= idleStep
            return piece
        }
        return node
    }
}
