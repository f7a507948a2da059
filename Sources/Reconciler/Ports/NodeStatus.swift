package import Model

/// How one node does, as its controller saw it last.
package struct NodeStatus: Hashable, Sendable {
    package enum Connection: String, Hashable, Sendable, CaseIterable {
        /// The controller's own machine.
        case local = "Local"
        case connected = "Connected"
        case away = "Away"
    }

    package let node: NodeName
    package var connection: Connection
    /// When its connection became what it is.
    package var since: Timestamp
    /// When it last said anything.
    package var seenAt: Timestamp?
    /// `0.1`; empty where it never said.
    package var release: String
    /// `Docker 20.10.24`
    package var engine: String
    /// By how much its clock is ahead of the controller's.
    package var skewMillis: Int64?
    /// Containers of ours that it showed last.
    package var containers: Int
    /// Why it is away, or what is odd about it; a sentence, or empty.
    package var message: String

    package init(
        node: NodeName, connection: Connection, since: Timestamp, seenAt: Timestamp? = nil, release: String = "",
        engine: String = "", skewMillis: Int64? = nil, containers: Int = 0, message: String = ""
    ) {
        self.node = node
        self.connection = connection
        self.since = since
        self.seenAt = seenAt
        self.release = release
        self.engine = engine
        self.skewMillis = skewMillis
        self.containers = containers
        self.message = message
    }
}

/// A person's word that a node takes no new sandboxes, or is to be emptied of those that may run elsewhere.
package struct Cordon: Hashable, Sendable {
    package let node: NodeName
    package var isDraining: Bool
    package var by: String
    package var at: Timestamp

    package init(node: NodeName, isDraining: Bool, by: String, at: Timestamp) {
        self.node = node
        self.isDraining = isDraining
        self.by = by
        self.at = at
    }
}
