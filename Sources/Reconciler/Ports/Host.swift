package import Model

/// What can be looked at: a node's engine and gateways, or a recording of them.
package protocol Observer: Sendable {
    func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode
}

/// What can be looked at and acted on: a local node, a remote agent, or the simulated host of the tests.
package protocol Host: Observer {
    /// Does one thing and returns when it is done, with what there is to tell of it. Doing it again is harmless.
    /// `revision` is that of the plan that wants it; it decides nothing and is kept where the action is recorded.
    @discardableResult
    func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError) -> Receipt?

    /// Says *look again*, and where where it knows; carries no facts. Ends when the task is cancelled.
    func changes() -> AsyncStream<Hint>
}

extension Host {
    @discardableResult
    package func perform(_ action: Action, as uid: ResourceUID) async throws(HostError) -> Receipt? {
        try await perform(action, as: uid, toward: nil)
    }
}

/// What to look at.
package struct Inquiry: Hashable, Sendable {
    /// `nil` looks at everything on the node.
    package var sandbox: SandboxName?
    package var gateways: [DesiredGateway]
    package var secrets: Set<SecretReference>
    /// How running containers of ours are asked whether they still serve.
    package var checks: [RouteKey: HealthCheck]
    /// What repositories are asked about, and what is in use of what was made.
    package var makings: Set<Making>
    /// How long a repository that was never asked before is waited for; what has not answered then is `.asked`.
    package var patience: Duration

    package init(
        sandbox: SandboxName? = nil, gateways: [DesiredGateway] = [], secrets: Set<SecretReference> = [],
        checks: [RouteKey: HealthCheck] = [:], makings: Set<Making> = [], patience: Duration = .zero
    ) {
        self.sandbox = sandbox
        self.gateways = gateways
        self.secrets = secrets
        self.checks = checks
        self.makings = makings
        self.patience = patience
    }
}

/// Something may have changed.
package enum Hint: Hashable, Sendable {
    case sandbox(SandboxName, what: String)
    /// A reference of a repository leads elsewhere, or its repository answers again.
    case code(CodeReference, what: String)
    case everything
}

/// Why a host did not do what it was asked; the failure says what to do now.
package struct HostError: Error, Hashable, CustomStringConvertible {
    /// In the words of the one who asked: `create sandbox-qa-account`.
    package let operation: String
    package let failure: HostFailure
    /// The engine's or gateway's own words, and the remedy where we know one.
    package let message: String

    package init(_ operation: String, _ failure: HostFailure, _ message: String) {
        self.operation = operation
        self.failure = failure
        self.message = message
    }

    package var description: String { "\(operation): \(message)" }
}

package enum HostFailure: String, Hashable, Sendable, CaseIterable {
    /// It may or may not have happened: look again, then plan again.
    case unreachable
    /// It did not happen, and asking again in the same world changes nothing.
    case refused
    /// The world is not as the plan thought: plan again.
    case stale
    /// The container started and did not prove itself; what ran before still runs.
    case unhealthy
}
