internal import Model
internal import Planner

/// The plan of one sandbox, workpiece, bundle or gateway. Of an action only its words are told: they hold no secret, and tools that need
/// more than the verb need the engine's answer rather than our intention.
struct SubjectPlanJSON: Encodable, Sendable {
    private let subject: Subject
    private let change: String
    private let cause: CauseJSON
    @OrNull private var node: String?
    private let services: [Service]
    private let routes: [Route]
    private let requests: [Request]
    private let steps: [Step]
    private let blockers: [Blockage]
    private let waits: [Delay]
    private let pieces: [Piece]
    private let kept: [String]
    private let notes: [String]

    init(_ plan: Plan) {
        subject = Subject(plan.subject)
        change = plan.kind.word
        cause = CauseJSON(plan.cause)
        node = plan.node?.text
        services = plan.services.sorted { $0.service < $1.service }.map(Service.init)
        routes = plan.routes.sorted { $0.key < $1.key }.map(Route.init)
        requests = plan.requests.map { Request(request: $0.request, change: $0.kind.word, from: $0.from, to: $0.to) }
        steps = plan.steps.map(Step.init)
        blockers = plan.blockers.map(Blockage.init)
        waits = plan.waits.map(Delay.init)
        pieces = plan.pieces.sorted { $0.key < $1.key }.map { Piece($0.value, for: $0.key) }
        kept = plan.kept
        notes = plan.notes
    }

    private struct Subject: Encodable {
        let kind: String
        let name: String

        init(_ subject: Plan.Subject) {
            switch subject {
            case .gateway(let gateway):
                kind = "gateway"
                name = gateway.text
            case .bundle(let bundle):
                kind = "bundle"
                name = bundle.text
            case .workpiece(let piece):
                kind = "workpiece"
                name = piece.text
            case .sandbox(let sandbox):
                kind = "sandbox"
                name = sandbox.text
            }
        }
    }

    private struct Service: Encodable {
        let service: String
        let change: String
        let verb: String
        let interrupted: Bool
        let fields: [Field]
        @OrNull var place: PlaceJSON?

        init(_ change: ServiceChange) {
            service = change.service.text
            self.change = change.kind.word
            verb = change.verb
            interrupted = change.isInterrupted
            fields = change.fields.map { Field(field: $0.field, from: $0.from, to: $0.to) }
            place = change.place.map(PlaceJSON.init)
        }
    }

    private struct Field: Encodable {
        let field: String
        @OrNull var from: String?
        @OrNull var to: String?
    }

    private struct Route: Encodable {
        @OrNull var sandbox: String?
        let service: String
        let change: String
        @OrNull var from: Target?
        @OrNull var to: Target?
        @OrNull var after: String?
        let changesTarget: Bool

        init(_ route: RouteChange) {
            sandbox = route.key.sandbox?.text
            service = route.key.service.text
            change = route.kind.word
            from = route.from.map(Target.init)
            to = route.to.map(Target.init)
            after = route.after?.text
            changesTarget = route.movesRequests
        }
    }

    /// Requests of one rule, in words, and where they go.
    private struct Request: Encodable {
        let request: String
        let change: String
        @OrNull var from: String?
        @OrNull var to: String?
    }

    private struct Target: Encodable {
        let kind: String
        @OrNull var label: String?
        @OrNull var address: String?

        init(_ target: RouteTarget) {
            switch target {
            case .endpoint(let endpoint, let label):
                kind = "endpoint"
                self.label = label
                address = "\(endpoint)"
            case .failing(let endpoint, let label):
                kind = "failing"
                self.label = label
                address = "\(endpoint)"
            case .starting: kind = "starting"
            case .suspended: kind = "suspended"
            }
        }
    }

    private struct Step: Encodable {
        let id: Int
        let action: String
        @OrNull var service: String?
        let reason: String
        let dependencies: [Int]

        init(_ step: Plan.Step) {
            id = step.id.index
            action = "\(step.action)"
            service = step.service?.text
            reason = "\(step.reason)"
            dependencies = step.dependencies.map(\.index)
        }
    }

    private struct Blockage: Encodable {
        let need: String
        @OrNull var service: String?
        let message: String

        init(_ blocker: Blocker) {
            need = blocker.need.rawValue
            service = blocker.service?.text
            message = blocker.sentence
        }
    }
}

/// Something that a service cannot go on without, and that is on its way.
private struct Delay: Encodable, Sendable {
    let kind: String
    let service: String
    /// The workpiece or bundle; null where a repository has not answered yet.
    @OrNull var name: String?
    @OrNull var repository: String?
    @OrNull var reference: String?
    @OrNull var commit: String?
    let message: String

    init(_ wait: Wait) {
        service = wait.service.text
        message = "\(wait)"
        switch wait.object {
        case .piece(let piece):
            kind = "workpiece"
            name = piece.id.text
            repository = piece.repository.name.text
            reference = piece.reference
            commit = piece.commit.text
        case .bundle(let bundle):
            kind = "bundle"
            name = bundle.text
        case .answer(let code):
            kind = "answer"
            repository = code.repository.text
            reference = code.name
        }
    }
}

/// What a container is made of.
private struct Piece: Encodable, Sendable {
    let service: String
    let name: String
    let repository: String
    let reference: String
    let commit: String

    init(_ piece: Workpiece, for service: ServiceName) {
        self.service = service.text
        name = piece.id.text
        repository = piece.repository.name.text
        reference = piece.reference
        commit = piece.commit.text
    }
}

/// Why something is planned: a place, something seen, a commit that removed it, or who needs it.
private struct CauseJSON: Encodable, Sendable {
    let kind: String
    /// As the plan's text has it.
    let text: String
    @OrNull var place: PlaceJSON?
    @OrNull var revision: RevisionJSON?

    init(_ cause: Cause) {
        text = "\(cause)"
        switch cause {
        case .manifest(let place, let by):
            kind = "manifest"
            self.place = PlaceJSON(place)
            revision = by.map(RevisionJSON.init)
        case .observation: kind = "observation"
        case .removed(let since):
            kind = "removed"
            revision = RevisionJSON(since)
        case .wanted: kind = "wanted"
        case .unused: kind = "unused"
        }
    }
}

extension ChangeKind {
    fileprivate var word: String {
        switch self {
        case .none: "none"
        case .create: "create"
        case .change: "change"
        case .remove: "remove"
        case .repair: "repair"
        }
    }
}
