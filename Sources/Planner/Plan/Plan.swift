package import Model

/// The steps that bring one subject from what was observed to what is desired, and what people read about them.
///
/// A plan is a value: equal plans compare equal, and its rendering is the same in the dry run, the golden tests, the
/// log and the journal. A step can depend only on earlier steps, so a cycle cannot be written.
package struct Plan: Hashable, Sendable {
    /// What a pass is about.
    package enum Subject: Hashable, Sendable, Comparable {
        case gateway(GatewayName)
        case bundle(BundleName)
        case workpiece(Workpiece.ID)
        case sandbox(SandboxName)

        package static func < (lhs: Self, rhs: Self) -> Bool { lhs.order < rhs.order }

        private var order: (Int, String) {
            switch self {
            case .gateway(let name): (0, name.text)
            case .bundle(let name): (1, name.text)
            case .workpiece(let id): (2, id.text)
            case .sandbox(let name): (3, name.text)
            }
        }
    }

    package struct Step: Hashable, Sendable, Identifiable {
        package struct ID: Hashable, Sendable, Comparable {
            package let index: Int
            package init(index: Int) { self.index = index }
            package static func < (lhs: Self, rhs: Self) -> Bool { lhs.index < rhs.index }
        }

        package let id: ID
        package let action: Action
        package let service: ServiceName?
        package let reason: Reason
        package let dependencies: [ID]
        /// The node that does it, where that is not the plan's own; see ``Plan/node(of:)``.
        package let node: NodeName?
    }

    package let subject: Subject
    package let node: NodeName?
    package var kind: ChangeKind
    package var cause: Cause
    package internal(set) var steps: [Step] = []
    package var services: [ServiceChange] = []
    package var routes: [RouteChange] = []
    /// Requests that rules send elsewhere than before.
    package var requests: [RequestChange] = []
    /// What keeps parts of this plan from being done; each names its remedy.
    package var blockers: [Blocker] = []
    /// What a person should know and nobody needs to do: a foreign container on our name.
    package var notes: [String] = []
    /// What has to be there before the rest of this can be done; somebody else brings it.
    package var waits: [Wait] = []
    /// Services that stay at what they run because their branch is gone or their repository is silent; a sentence each.
    package var kept: [String] = []
    /// What containers made by this plan are made of.
    package var pieces: [ServiceName: Workpiece] = [:]
    /// Where the gateways are that it has to do with, where that is not its own node.
    package var gatewayNodes: [GatewayName: NodeName] = [:]
    /// Given back when the plan has been carried out.
    package var releases: [Allocation] = []

    package init(of subject: Subject, on node: NodeName?, kind: ChangeKind = .none, cause: Cause) {
        self.subject = subject
        self.node = node
        self.kind = kind
        self.cause = cause
    }

    /// What must be done before the rest can be planned for good: a gateway that is down shows no routes, and comes
    /// back with those it had. `nil` where the plan stands as it is.
    package var opening: Plan? {
        let gateways = steps.filter { if case .configureGateway = $0.action { true } else { false } }
        guard !gateways.isEmpty, gateways.count < steps.count else { return nil }
        var plan = Plan(of: subject, on: node, kind: kind, cause: cause)
        plan.gatewayNodes = gatewayNodes
        for step in gateways { plan.append(step.action, for: step.service, because: step.reason) }
        return plan
    }

    /// Whether there is nothing to do, or nothing that may be done.
    package var isEmpty: Bool { steps.isEmpty }

    /// Appends a step. It can depend only on steps already here.
    @discardableResult
    mutating func append(
        _ action: Action, for service: ServiceName? = nil, because reason: Reason, after dependencies: [Step.ID?] = [],
        on node: NodeName? = nil
    ) -> Step.ID {
        let id = Step.ID(index: steps.count + 1)
        let known = dependencies.compactMap(\.self)
        precondition(known.allSatisfy { $0.index <= steps.count }, "a step depends on a later one")
        steps.append(
            Step(id: id, action: action, service: service, reason: reason, dependencies: known, node: node))
        return id
    }

    /// The node that does a step: where it says so, the one that its gateway is on, or the plan's own.
    package func node(of step: Step) -> NodeName {
        guard let node = step.node ?? step.action.gateway.flatMap({ gatewayNodes[$0] }) ?? node else {
            preconditionFailure("a step of a plan without a node")
        }
        return node
    }

    /// Every node that does a step of it, in order of name.
    package var nodes: [NodeName] { Set(steps.map(node(of:))).sorted() }
}

/// Something that a service cannot go on without, and that is on its way.
package struct Wait: Hashable, Sendable {
    package enum Object: Hashable, Sendable {
        /// To be made of a commit.
        case piece(Workpiece)
        /// To be loaded.
        case bundle(BundleName)
        /// A repository was asked and has not answered yet.
        case answer(CodeReference)
    }

    package let object: Object
    package let service: ServiceName

    package init(_ object: Object, for service: ServiceName) {
        self.object = object
        self.service = service
    }
}

extension Wait: CustomStringConvertible {
    package var description: String {
        switch object {
        case .piece(let piece): "\(service) waits until \(piece.title) of \(piece.repository.name) is made"
        case .bundle(let name): "\(service) waits for the images of bundle \(name)"
        case .answer(let code): "\(service) waits for repository \(code.repository) to say what \(code.name) is"
        }
    }
}

/// What becomes of a sandbox, a service or a route.
package enum ChangeKind: String, Hashable, Sendable, CaseIterable {
    case none = "="
    case create = "+"
    case change = "~"
    case remove = "-"
    /// Git did not change; the world did.
    case repair = "!"
}

/// Why a step is in a plan, in terms its reader knows.
package enum Reason: Hashable, Sendable {
    case missing
    case notRunning(ObservedContainer.State)
    case changed
    case drifted
    case disconnected
    /// An older container, after what replaces it.
    case replaced
    case duplicate
    /// Made, but never started: perhaps not complete.
    case unfinished
    case misnamed
    case routeDiffers
    case rulesDiffer
    case namesDiffer
    case unproved
    case notInManifest
    case suspended
    /// It runs on another node now.
    case moved
    case gatewayDown
    /// Nobody refers to it, and nobody has for long.
    case unused
}

extension Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing: "missing"
        case .notRunning(let state): state.rawValue
        case .changed: "changed"
        case .drifted: "drifted"
        case .disconnected: "disconnected"
        case .replaced: "replaced"
        case .duplicate: "duplicate"
        case .unfinished: "unfinished"
        case .misnamed: "misnamed"
        case .routeDiffers: "route differs"
        case .rulesDiffer: "rules differ"
        case .namesDiffer: "names differ"
        case .unproved: "not yet proved healthy"
        case .notInManifest: "not in the manifests"
        case .suspended: "suspended"
        case .moved: "moved to another node"
        case .gatewayDown: "gateway down or out of date"
        case .unused: "unused"
        }
    }
}

package struct ServiceChange: Hashable, Sendable {
    package let service: ServiceName
    package let kind: ChangeKind
    /// `replace, then flip, then remove old`
    package let verb: String
    package let fields: [FieldChange]
    package let place: Place?
    /// Whether nobody serves for a while: only where old and new want the same node port.
    package var isInterrupted = false
}

/// One field before and after. Secrets appear as `(secret #1)`.
package struct FieldChange: Hashable, Sendable {
    package let field: String
    package let from: String?
    package let to: String?

    package init(_ field: String, from: String?, to: String?) {
        self.field = field
        self.from = from
        self.to = to
    }
}

package struct RouteChange: Hashable, Sendable {
    package let key: RouteKey
    package let from: RouteTarget?
    package let to: RouteTarget?
    /// The service that must be healthy first.
    package let after: ServiceName?
    package let place: Place?
}

/// Requests of one rule, in words, that go elsewhere than before.
package struct RequestChange: Hashable, Sendable {
    /// `POST *.dev.example.com/v2/login…, header x-tenant: qa`
    package let request: String
    /// `account 90 %, account@baseline 10 %`; `nil` where no rule was for them.
    package let from: String?
    package let to: String?

    package init(_ request: String, from: String?, to: String?) {
        self.request = request
        self.from = from
        self.to = to
    }

    package var kind: ChangeKind {
        switch (from, to) {
        case (nil, _): .create
        case (_, nil): .remove
        case (_, _): .change
        }
    }
}

/// Why a wanted step is not in the plan.
package struct Blocker: Hashable, Sendable, CustomStringConvertible {
    package enum Need: String, Hashable, Sendable {
        case image, secret, capacity, consent, manifest, ownership
        /// A repository, branch or commit.
        case code
        /// A build that failed.
        case build
    }
    package let need: Need
    package let service: ServiceName?
    package let sentence: String

    package var description: String { sentence }
}

extension Plan.Subject: CustomStringConvertible {
    package var description: String {
        switch self {
        case .gateway(let name): "gateway \(name)"
        case .bundle(let name): "bundle \(name)"
        case .workpiece(let id): "workpiece \(id)"
        case .sandbox(let name): "sandbox \(name)"
        }
    }
}
