internal import Docker
internal import Foundation
internal import Model
internal import Reconciler
internal import Workshop

/// The machine of the controller itself, as one of its nodes.
struct LocalNode {
    let engine: DockerEngine
    let gateways: GatewayDrivers
    let workshop: Workshop
    let key: FingerprintKey

    func host(for node: NodeName) -> NodeHost {
        NodeHost(
            node: node, engine: engine, gateways: gateways, workbench: workshop,
            secrets: LocalSecrets(environment: ProcessInfo.processInfo.environment), key: key,
            clock: ContinuousClock())
    }
}
