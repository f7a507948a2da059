import Model
import Planner
import Reconciler
import TestSupport

/// A gateway on one machine, services on two others.
enum Street {
    static let gateway: NodeName = Sample.name("gateway-186")
    static let micro: NodeName = Sample.name("micro-92")
    static let infra: NodeName = Sample.name("infra-93")
    static let images: Set<String> = ["a:1", "a:2", "b:1"]

    static var machines: Machines { Machines(["gateway-186", "infra-93", "micro-92"], images: images) }

    static func desired(
        _ sandboxes: DesiredSandbox..., at digit: Character = "9", gatewayOn node: NodeName = gateway,
        unplaced: [UnplacedSandbox] = [], _ change: (inout DesiredState) -> Void = { _ in }
    ) -> DesiredState {
        var desired = Sample.desired(at: digit)
        desired.nodes = machines.declared
        desired.gateways[Sample.gatewayName] = DesiredGateway(
            name: Sample.gatewayName, node: node, sandboxPorts: 18080...18099, webPort: 18000,
            baseDomain: "berth.localhost", place: Sample.place)
        for sandbox in sandboxes { desired.sandboxes[sandbox.name] = sandbox }
        for wanted in unplaced { desired.unplaced[wanted.sandbox.name] = wanted }
        change(&desired)
        return desired
    }

    static func sandbox(
        _ services: [String: DesiredService], named name: String = "qa", on node: NodeName = micro
    ) -> DesiredSandbox {
        var sandbox = Sample.sandbox(services, named: name)
        sandbox.node = node
        return sandbox
    }

    static func unplaced(
        _ services: [String: DesiredService], named name: String = "qa", labels: [String: String] = [:]
    ) -> UnplacedSandbox {
        UnplacedSandbox(sandbox: Sample.sandbox(services, named: name), labels: labels)
    }

    static func account(_ image: String = "a:1") -> DesiredService { Sample.container(image) }
}
