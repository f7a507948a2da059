internal import AgentProtocol
internal import Model
internal import Reconciler
internal import SwiftProtobuf

// What is asked over the control socket.

extension WireObserveRequest {
    init(_ node: NodeName, _ inquiry: Inquiry) {
        self.init()
        self.node = node.text
        self.inquiry = inquiry.wire
    }

    func question() throws(LinkError) -> (node: NodeName, inquiry: Inquiry) {
        let path = FieldPath.message("observe")
        return (try path["node"].name(node), try path["inquiry"].one(hasInquiry, inquiry))
    }
}

extension WireObserveReply {
    init(_ result: Result<ObservedNode, HostError>) {
        self.init()
        switch result {
        case .success(let observed): node = observed.wire
        case .failure(let error): failed = error.wire
        }
    }

    func result() throws(LinkError) -> Result<ObservedNode, HostError> {
        let path = FieldPath.message("observe")
        switch answer {
        case .node(let wire): return .success(try ObservedNode(wire: wire, at: path["node"]))
        case .failed(let wire): return .failure(try HostError(wire: wire, at: path["failed"]))
        case nil: throw path.unknown
        }
    }
}

extension WireTailRequest {
    init(_ node: NodeName, _ tail: Tail) {
        self.init()
        self.node = node.text
        self.tail = tail.wire
    }

    func question() throws(LinkError) -> (node: NodeName, tail: Tail) {
        let path = FieldPath.message("tail")
        return (try path["node"].name(node), try path["tail"].one(hasTail, tail))
    }
}

extension WireTailAnswer {
    init(_ answer: TailAnswer) { self = answer.wire }

    func tailAnswer() throws(LinkError) -> TailAnswer { try TailAnswer(wire: self, at: .message("tail")) }
}

extension WireNodesReply {
    init(_ statuses: [NodeStatus]) {
        self.init()
        nodes = statuses.sorted { $0.node < $1.node }.map(\.wire)
    }

    func statuses() throws(LinkError) -> [NodeStatus] { try FieldPath.message("nodes")["nodes"].list(nodes) }
}

extension NodeStatus: WireCoded {
    var wire: WireNodeStatus {
        .with {
            $0.node = node.text
            $0.connection = connection.wire
            $0.sinceMillis = since.milliseconds
            if let seenAt { $0.seenAtMillis = seenAt.milliseconds }
            $0.release = release
            $0.engine = engine
            if let skewMillis { $0.skewMillis = skewMillis }
            $0.containers = Int64(containers)
            $0.message = message
        }
    }

    init(wire: WireNodeStatus, at path: FieldPath) throws(LinkError) {
        self.init(
            node: try path["node"].name(wire.node),
            connection: try Connection(wire: wire.connection, at: path["connection"]),
            since: try path["since_millis"].time(wire.sinceMillis),
            seenAt: wire.hasSeenAtMillis ? try path["seen_at_millis"].time(wire.seenAtMillis) : nil,
            release: wire.release,
            engine: wire.engine, skewMillis: wire.hasSkewMillis ? try path["skew_millis"].span(wire.skewMillis) : nil,
            containers: try path["containers"].count(wire.containers), message: wire.message)
    }
}

extension NodeStatus.Connection: WireCoded {
    var wire: WireNodeStatus.Connection {
        switch self {
        case .local: .local
        case .connected: .connected
        case .away: .away
        }
    }

    init(wire: WireNodeStatus.Connection, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .local: self = .local
        case .connected: self = .connected
        case .away: self = .away
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}
