internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

extension Action: WireCoded {
    var wire: WireAction {
        .with {
            switch self {
            case .createNetwork(let draft): $0.createNetwork = draft.wire
            case .removeNetwork(let id, let name):
                $0.removeNetwork.id = id
                $0.removeNetwork.name = name
            case .pull(let image): $0.pull = image.text
            case .load(let bundle): $0.load = bundle.wire
            case .fetch(let piece): $0.fetch = piece.wire
            case .checkout(let piece): $0.checkout = piece.wire
            case .build(let piece): $0.build = piece.wire
            case .discard(let piece): $0.discard = piece.text
            case .create(let draft): $0.create = draft.wire
            case .start(let container): $0.start = container.wire
            case .unpause(let container): $0.unpause = container.wire
            case .awaitHealthy(let container, let address, let check):
                $0.awaitHealthy.container = container.wire
                $0.awaitHealthy.address = address
                if let check { $0.awaitHealthy.check = check.wire }
            case .awaitReachable(let gateway, let endpoint, let check):
                $0.awaitReachable.gateway = gateway.text
                $0.awaitReachable.endpoint = endpoint.wire
                if let check { $0.awaitReachable.check = check.wire }
            case .connect(let container, let network, let address, let alias):
                $0.connect.container = container.wire
                $0.connect.network = network
                $0.connect.address = address
                $0.connect.alias = alias
            case .updateLimits(let container, let limits):
                $0.updateLimits.container = container.wire
                $0.updateLimits.limits = limits.wire
            case .rename(let container, let name):
                $0.rename.container = container.wire
                $0.rename.name = name
            case .drain(let gateway, let address, let port, let grace):
                $0.drain.gateway = gateway.text
                $0.drain.address = address
                $0.drain.port = UInt32(port)
                $0.drain.graceMillis = Int64(grace)
            case .stop(let container): $0.stop = container.wire
            case .remove(let container): $0.remove = container.wire
            case .configureGateway(let gateway): $0.configureGateway = gateway.wire
            case .dismantleGateway(let gateway): $0.dismantleGateway = gateway.text
            case .admit(let gateway, let sandbox, let admission):
                $0.admit.gateway = gateway.text
                $0.admit.sandbox = sandbox.text
                $0.admit.admission = admission.wire
            case .dismiss(let gateway, let sandbox):
                $0.dismiss.gateway = gateway.text
                $0.dismiss.sandbox = sandbox.text
            case .setRoute(let gateway, let key, let target):
                $0.setRoute.gateway = gateway.text
                $0.setRoute.key = key.wire
                $0.setRoute.target = target.wire
            case .removeRoute(let gateway, let key):
                $0.removeRoute.gateway = gateway.text
                $0.removeRoute.key = key.wire
            case .setRules(let gateway, let scope, let rules):
                $0.setRules.gateway = gateway.text
                $0.setRules.scope = scope.wire
                $0.setRules.rules = rules.map(\.wire)
            case .setNames(let names): $0.setNames = names.wire
            case .removeNames(let sandbox): $0.removeNames = sandbox.text
            }
        }
    }

    init(wire: WireAction, at path: FieldPath) throws(LinkError) {
        switch wire.action {
        case .createNetwork(let draft):
            self = .createNetwork(try NetworkDraft(wire: draft, at: path["create_network"]))
        case .removeNetwork(let network):
            let path = path["remove_network"]
            self = .removeNetwork(
                id: try path["id"].identifier(network.id), name: try path["name"].identifier(network.name))
        case .pull(let image): self = .pull(try path["pull"].image(image))
        case .load(let bundle): self = .load(try DesiredBundle(wire: bundle, at: path["load"]))
        case .fetch(let piece): self = .fetch(try Workpiece(wire: piece, at: path["fetch"]))
        case .checkout(let piece): self = .checkout(try Workpiece(wire: piece, at: path["checkout"]))
        case .build(let piece): self = .build(try Workpiece(wire: piece, at: path["build"]))
        case .discard(let piece): self = .discard(try path["discard"].piece(piece))
        case .create(let draft): self = .create(try ContainerDraft(wire: draft, at: path["create"]))
        case .start(let container): self = .start(try ContainerHandle(wire: container, at: path["start"]))
        case .unpause(let container): self = .unpause(try ContainerHandle(wire: container, at: path["unpause"]))
        case .awaitHealthy(let wait):
            let path = path["await_healthy"]
            self = .awaitHealthy(
                try path["container"].one(wait.hasContainer, wait.container), address: wait.address,
                check: try path["check"].maybe(wait.hasCheck, wait.check))
        case .awaitReachable(let wait):
            let path = path["await_reachable"]
            self = .awaitReachable(
                try path["gateway"].name(wait.gateway), try path["endpoint"].one(wait.hasEndpoint, wait.endpoint),
                check: try path["check"].maybe(wait.hasCheck, wait.check))
        case .connect(let connect):
            let path = path["connect"]
            self = .connect(
                try path["container"].one(connect.hasContainer, connect.container),
                network: try path["network"].identifier(connect.network), address: connect.address,
                alias: connect.alias)
        case .updateLimits(let update):
            let path = path["update_limits"]
            let limits: Limits = try path["limits"].one(update.hasLimits, update.limits)
            try path["limits"].wanted(limits)
            self = .updateLimits(try path["container"].one(update.hasContainer, update.container), limits)
        case .rename(let rename):
            let path = path["rename"]
            self = .rename(
                try path["container"].one(rename.hasContainer, rename.container),
                to: try path["name"].identifier(rename.name))
        case .drain(let drain):
            let path = path["drain"]
            self = .drain(
                try path["gateway"].name(drain.gateway), address: drain.address,
                port: try path["port"].port(drain.port), graceMillis: try path["grace_millis"].count(drain.graceMillis))
        case .stop(let container): self = .stop(try ContainerHandle(wire: container, at: path["stop"]))
        case .remove(let container): self = .remove(try ContainerHandle(wire: container, at: path["remove"]))
        case .configureGateway(let gateway):
            self = .configureGateway(try DesiredGateway(wire: gateway, at: path["configure_gateway"]))
        case .dismantleGateway(let name): self = .dismantleGateway(try path["dismantle_gateway"].name(name))
        case .admit(let admit):
            let path = path["admit"]
            self = .admit(
                try path["gateway"].name(admit.gateway), try path["sandbox"].name(admit.sandbox),
                try path["admission"].one(admit.hasAdmission, admit.admission))
        case .dismiss(let dismiss):
            let path = path["dismiss"]
            self = .dismiss(try path["gateway"].name(dismiss.gateway), try path["sandbox"].name(dismiss.sandbox))
        case .setRoute(let route):
            let path = path["set_route"]
            self = .setRoute(
                try path["gateway"].name(route.gateway), try path["key"].one(route.hasKey, route.key),
                try path["target"].one(route.hasTarget, route.target))
        case .removeRoute(let route):
            let path = path["remove_route"]
            self = .removeRoute(
                try path["gateway"].name(route.gateway), try path["key"].one(route.hasKey, route.key))
        case .setRules(let rules):
            let path = path["set_rules"]
            self = .setRules(
                try path["gateway"].name(rules.gateway), try path["scope"].one(rules.hasScope, rules.scope),
                try path["rules"].list(rules.rules))
        case .setNames(let names): self = .setNames(try SandboxNames(wire: names, at: path["set_names"]))
        case .removeNames(let sandbox): self = .removeNames(try path["remove_names"].name(sandbox))
        case nil: throw path.unknown
        }
    }
}

extension SandboxNames: WireCoded {
    var wire: WireSandboxNames {
        .with {
            $0.sandbox = sandbox.text
            $0.address = address
            $0.services = services.sorted().map(\.text)
        }
    }

    init(wire: WireSandboxNames, at path: FieldPath) throws(LinkError) {
        self.init(
            sandbox: try path["sandbox"].name(wire.sandbox), address: wire.address,
            services: try path["services"].names(wire.services))
    }
}

extension DesiredBundle: WireCoded {
    var wire: WireDesiredBundle {
        .with {
            $0.name = name.text
            $0.images = images.map(\.wire)
            $0.archive = archive
            $0.sha256 = sha256
            $0.nodes = nodes.sorted().map(\.text)
            $0.place = place.wire
        }
    }

    init(wire: WireDesiredBundle, at path: FieldPath) throws(LinkError) {
        self.init(
            name: try path["name"].name(wire.name), images: try path["images"].list(wire.images),
            archive: try path["archive"].absolute(wire.archive), sha256: try path["sha256"].sha256(wire.sha256),
            nodes: try path["nodes"].names(wire.nodes), place: try path["place"].one(wire.hasPlace, wire.place))
    }
}

extension DesiredBundle.Image: WireCoded {
    var wire: WireDesiredBundle.Image {
        .with {
            $0.reference = reference.text
            if let id { $0.id = id }
        }
    }

    init(wire: WireDesiredBundle.Image, at path: FieldPath) throws(LinkError) {
        self.init(try path["reference"].image(wire.reference), id: wire.hasID ? wire.id : nil)
    }
}
