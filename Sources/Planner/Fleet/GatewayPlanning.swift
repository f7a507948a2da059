package import Model

extension Plan {
    /// Plans a gateway itself: that it runs with the right listeners, and where requests outside every sandbox go.
    package init(
        for gateway: DesiredGateway, baselines: [ServiceName: DesiredBaseline], rules: [RouteRule] = [],
        observed: ObservedGateway?
    ) {
        self.init(
            of: .gateway(gateway.name), on: gateway.node, kind: .none, cause: .manifest(gateway.place, by: nil))
        let live = observed ?? ObservedGateway()
        var ready: Step.ID?
        guard gateway.isDriven else {
            // What another driver has of it from before ends: nobody would change its routes any more.
            if live.isRunning, !live.isCurrent {
                append(.dismantleGateway(gateway.name), because: .changed)
                kind = .change
            }
            return
        }
        if !live.isRunning || !live.isCurrent {
            ready = append(.configureGateway(gateway), because: .gatewayDown)
            kind = live.isRunning ? .change : .create
        }
        // An application gateway's own file says where its baselines are.
        guard case .haproxy = gateway.driver else { return }
        var set: [Step.ID?] = [ready]
        for (service, baseline) in baselines.sorted(by: { $0.key < $1.key }) {
            let key = RouteKey(sandbox: nil, service: service)
            let target = RouteTarget.endpoint(baseline.endpoint, label: "\(service)@baseline")
            guard live.routes[key] != target || live.moved.contains(key) else { continue }
            routes.append(
                RouteChange(key: key, from: live.routes[key], to: target, after: nil, place: baseline.place))
            set.append(
                append(.setRoute(gateway.name, key, target), for: service, because: .routeDiffers, after: [ready]))
        }
        let known = live.rules[.everybody] ?? []
        if known != rules {
            requests = RequestChange.between(known, rules)
            ready = append(.setRules(gateway.name, .everybody, rules), because: .rulesDiffer, after: set)
        }
        for key in live.routes.keys.sorted() where key.sandbox == nil && baselines[key.service] == nil {
            routes.append(RouteChange(key: key, from: live.routes[key], to: nil, after: nil, place: nil))
            append(.removeRoute(gateway.name, key), for: key.service, because: .notInManifest, after: [ready])
        }
        if kind == .none, !steps.isEmpty { kind = .change }
    }

    /// Plans the end of a gateway that is in no manifest any more.
    package init(removing gateway: GatewayName, on node: NodeName, since revision: Revision) {
        self.init(of: .gateway(gateway), on: node, kind: .remove, cause: .removed(since: revision))
        append(.dismantleGateway(gateway), because: .notInManifest)
    }
}
