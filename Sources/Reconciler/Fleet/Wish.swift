internal import Model
internal import Planner

/// What is wanted of one subject, with all that its plan depends on beside what is observed.
struct Wish: Hashable, Sendable {
    private let sandbox: DesiredSandbox?
    private let gateway: DesiredGateway?
    private let node: DesiredNode?
    private let baselines: [ServiceName: DesiredBaseline]
    private let bundle: DesiredBundle?

    /// Of what is in no manifest nothing is wanted but that it goes.
    init(of subject: Plan.Subject, in desired: DesiredState) {
        switch subject {
        case .gateway(let name):
            sandbox = nil
            gateway = desired.gateways[name]
            node = nil
            baselines = desired.baselines
            bundle = nil
        case .sandbox(let name):
            sandbox = desired.sandboxes[name]
            gateway = sandbox?.gateway.flatMap { desired.gateways[$0] }
            node = sandbox.flatMap { desired.nodes[$0.node] }
            baselines = [:]
            bundle = nil
        case .bundle(let name):
            sandbox = nil
            gateway = nil
            node = nil
            baselines = [:]
            bundle = desired.bundles[name]
        case .workpiece:
            // Its name says all that is wanted of it.
            sandbox = nil
            gateway = nil
            node = nil
            baselines = [:]
            bundle = nil
        }
    }
}

/// Why a subject is not where it should be.
struct Complaint: Hashable, Sendable {
    let wish: Wish
    let message: String
    /// Whether trying again in the same world changes nothing.
    let isFinal: Bool
}

extension Plan.Subject {
    var sandbox: SandboxName? {
        if case .sandbox(let name) = self { name } else { nil }
    }

    var piece: Workpiece.ID? {
        if case .workpiece(let id) = self { id } else { nil }
    }
}

extension DesiredState {
    func sandbox(_ subject: Plan.Subject) -> DesiredSandbox? {
        if case .sandbox(let name) = subject { sandboxes[name] } else { nil }
    }
}
