internal import AgentProtocol
internal import Model
internal import Reconciler
internal import SwiftProtobuf

/// The most hints in one frame.
private let mostHints = 10_000

extension AgentFrame: WireCoded {
    var wire: WireAgentFrame {
        .with {
            switch self {
            case .hello(let hello): $0.hello = hello.wire
            case .observation(let question, let observation): $0.observation = observation.wire(of: question)
            case .accepted(let id): $0.accepted = id.wire
            case .outcome(let id, let outcome): $0.outcome = outcome.wire(of: id)
            case .hints(let hints): $0.hints = .with { frame in frame.hints = hints.map(\.wire) }
            case .lines(let lines): $0.lines = lines.wire
            case .tail(let question, let answer):
                $0.tail.id = question.number
                $0.tail.answer = answer.wire
            case .beat(let beat): $0.beat = beat.wire
            }
        }
    }

    init(wire: WireAgentFrame) throws(LinkError) { try self.init(wire: wire, at: .message("agent")) }

    init(wire: WireAgentFrame, at path: FieldPath) throws(LinkError) {
        switch wire.frame {
        case .hello(let hello): self = .hello(try Hello(wire: hello, at: path["hello"]))
        case .observation(let answer):
            self = .observation(QuestionID(answer.id), try Observation(wire: answer, at: path["observation"]))
        case .accepted(let id): self = .accepted(try Order.ID(wire: id, at: path["accepted"]))
        case .outcome(let outcome):
            let path = path["outcome"]
            self = .outcome(try path["id"].one(outcome.hasID, outcome.id), try Outcome(wire: outcome, at: path))
        case .hints(let hints):
            let path = path["hints"]["hints"]
            try path.atMost(mostHints, hints.hints.count)
            self = .hints(try path.list(hints.hints))
        case .lines(let lines): self = .lines(try LogLines(wire: lines, at: path["lines"]))
        case .tail(let tail):
            self = .tail(QuestionID(tail.id), try path["tail"]["answer"].one(tail.hasAnswer, tail.answer))
        case .beat(let beat): self = .beat(try Beat(wire: beat, at: path["beat"]))
        case nil: throw path.unknown
        }
    }
}

extension Observation {
    func wire(of question: QuestionID) -> WireObservationAnswer {
        .with {
            $0.id = question.number
            switch self {
            case .full(let id, let node):
                $0.full.id = id.number
                $0.full.node = node.wire
            case .unchanged(let id): $0.unchanged = id.number
            case .failed(let error): $0.failed = error.wire
            }
        }
    }

    init(wire: WireObservationAnswer, at path: FieldPath) throws(LinkError) {
        switch wire.answer {
        case .full(let full):
            self = .full(ObservationID(full.id), try path["full"]["node"].one(full.hasNode, full.node))
        case .unchanged(let id): self = .unchanged(ObservationID(id))
        case .failed(let error): self = .failed(try HostError(wire: error, at: path["failed"]))
        case nil: throw path.unknown
        }
    }
}

extension Hint: WireCoded {
    var wire: WireHint {
        .with {
            switch self {
            case .sandbox(let sandbox, let what):
                $0.sandbox.sandbox = sandbox.text
                $0.sandbox.what = what
            case .code(let reference, let what):
                $0.code.code = reference.wire
                $0.code.what = what
            case .everything: $0.everything = WireNothing()
            }
        }
    }

    init(wire: WireHint, at path: FieldPath) throws(LinkError) {
        switch wire.hint {
        case .sandbox(let hint):
            self = .sandbox(try path["sandbox"]["sandbox"].name(hint.sandbox), what: WireText.label(hint.what))
        case .code(let hint):
            self = .code(try path["code"]["code"].one(hint.hasCode, hint.code), what: WireText.label(hint.what))
        case .everything: self = .everything
        case nil: throw path.unknown
        }
    }
}

extension WireAgentFrame {
    init(_ frame: AgentFrame) { self = frame.wire }
}
