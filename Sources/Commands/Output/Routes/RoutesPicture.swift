package import Model

/// What gateways do with requests now, and where each part of it is written: the answer of `berth routes`.
package struct RoutesPicture: Sendable {
    /// What it is drawn from.
    package struct Sources: Sendable {
        package var desired: DesiredState
        /// As they were seen; gateways that are not here could not be looked at.
        package var live: [GatewayName: ObservedGateway]
        /// Why not.
        package var unseen: [GatewayName: String]
        /// The newest of each route.
        package var flips: [RouteKey: Flip]
        /// Of gateways that read the labels of containers.
        package var labelled: [GatewayName: LabelledRoutes]
        /// Where the gateways' ports are reached.
        package var host: String
        /// Where gateways of other machines are reached.
        package var hosts: [NodeName: String]

        package init(
            desired: DesiredState, live: [GatewayName: ObservedGateway], unseen: [GatewayName: String] = [:],
            flips: [RouteKey: Flip] = [:], labelled: [GatewayName: LabelledRoutes] = [:], host: String = "localhost",
            hosts: [NodeName: String] = [:]
        ) {
            self.desired = desired
            self.live = live
            self.unseen = unseen
            self.flips = flips
            self.labelled = labelled
            self.host = host
            self.hosts = hosts
        }

        func host(of gateway: DesiredGateway) -> String { hosts[gateway.node] ?? host }
    }

    /// A route that began to point elsewhere, with what became of the requests before.
    package struct Flip: Hashable, Sendable {
        package let at: Timestamp
        package let message: String

        package init(at: Timestamp, message: String) {
            self.at = at
            self.message = message
        }
    }

    let gateways: [Gateway]
    /// Every sandbox that is declared or let in somewhere.
    package let known: Set<SandboxName>

    /// `only` is one sandbox; `nil` is all, and the requests of none.
    package init(_ sources: Sources, only: SandboxName? = nil) {
        let trail = Trail(sources.desired)
        let drawing = RoutesDrawing(sources: sources, trail: trail, only: only)
        gateways = sources.desired.gateways.values.sorted { $0.name < $1.name }.map(drawing.gateway).filter {
            only == nil || !$0.sections.isEmpty
        }
        let seen = sources.live.values.flatMap { $0.sandboxes.keys + $0.routes.keys.compactMap(\.sandbox) }
        known = Set(seen).union(sources.desired.sandboxes.keys).union(sources.desired.frozen.keys)
    }
}

extension RoutesPicture {
    struct Gateway: Hashable, Sendable {
        let name: GatewayName
        let node: NodeName
        /// `haproxy`, `configFileMap`, `traefikLabels`
        let driver: String
        /// What is wrong with it or with looking at it; `nil` where nothing is.
        let trouble: String?
        let place: Place
        /// Sandboxes by name, then the requests of none.
        let sections: [Section]
    }

    /// What becomes of the requests of one sandbox, or of those outside every sandbox.
    struct Section: Hashable, Sendable {
        let sandbox: SandboxName?
        let cause: Cause?
        /// What a person should know of it; `nil` where all is as it should be.
        let remark: String?
        let ways: [Way]
        /// Services of its own choice.
        let routes: [Route]
        /// Services it does not list: they go to their baselines.
        let unlisted: [Route]
        /// In the order in which they are asked, its own before everybody's.
        let rules: [Rule]
    }

    /// How a request gets there.
    enum Way: Hashable, Sendable {
        case url(String)
        /// `{service}.qa.dev.example.com`
        case serviceURL(String)
        case carrier(String)
    }

    struct Route: Hashable, Sendable {
        enum State: String, Hashable, Sendable {
            /// It points at something that was proved.
            case serving
            case starting, suspended, failing
            /// A baseline that answers its probe.
            case healthy
            /// A baseline that does not.
            case unhealthy
            /// A baseline that nobody asks.
            case unasked
        }

        let service: ServiceName
        let target: RouteTarget
        let state: State
        /// What is behind the state: what a baseline answered, where requests go instead.
        let note: String?
        /// What a baseline says it is.
        let version: String?
        let cause: Cause
        let flip: Flip?
    }

    struct Rule: Hashable, Sendable {
        let rule: RouteRule
        let scope: RouteScope
        let cause: Cause?
    }
}
