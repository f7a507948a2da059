package import AgentProtocol
internal import Model
internal import Reconciler
internal import SwiftProtobuf

extension ControllerFrame {
    var wire: WireControllerFrame {
        .with {
            switch self {
            case .welcome(let welcome): $0.welcome = welcome.wire
            case .refusal(let reason): $0.refusal = .with { refusal in refusal.reason = reason }
            case .observe(let question, let inquiry, let known):
                $0.observe.id = question.number
                $0.observe.inquiry = inquiry.wire
                if let known { $0.observe.known = known.number }
            case .perform(let order): $0.perform = order.wire
            case .withdraw(let id): $0.withdraw = id.wire
            case .tail(let question, let tail):
                $0.tail.id = question.number
                $0.tail.tail = tail.wire
            case .beat(let beat): $0.beat = beat.wire
            }
        }
    }
}

/// What an agent got from its controller.
package enum ReceivedByAgent: Hashable, Sendable {
    case frame(ControllerFrame)
    /// An order that this release cannot read. It is nothing to hand on: the answer goes back, and the session goes on.
    case answer(AgentFrame)
}

extension ReceivedByAgent {
    init(wire: WireControllerFrame) throws(LinkError) {
        let path = FieldPath.message("controller")
        switch wire.frame {
        case .welcome(let welcome): self = .frame(.welcome(try Welcome(wire: welcome, at: path["welcome"])))
        case .refusal(let refusal): self = .frame(.refusal(refusal.reason))
        case .observe(let question):
            let inquiry: Inquiry = try path["observe"]["inquiry"].one(question.hasInquiry, question.inquiry)
            let known = question.hasKnown ? ObservationID(question.known) : nil
            self = .frame(.observe(QuestionID(question.id), inquiry, known: known))
        case .perform(let order): self = try Self.received(order, at: path["perform"])
        case .withdraw(let id): self = .frame(.withdraw(try Order.ID(wire: id, at: path["withdraw"])))
        case .tail(let question):
            let tail: Tail = try path["tail"]["tail"].one(question.hasTail, question.tail)
            self = .frame(.tail(QuestionID(question.id), tail))
        case .beat(let beat): self = .frame(.beat(try Beat(wire: beat, at: path["beat"])))
        case nil: throw path.unknown
        }
    }

    /// An order whose id can be read is answered, whatever the rest of it is: a controller that is newer by one release
    /// may know actions that this one does not.
    private static func received(_ wire: WireOrder, at path: FieldPath) throws(LinkError) -> Self {
        let id: Order.ID = try path["id"].one(wire.hasID, wire.id)
        do {
            return .frame(.perform(try Order(wire: wire, at: path)))
        } catch {
            let what = wire.action.action == nil ? "does not know this action" : "cannot read this order: \(error)"
            let message = "this agent is of release \(Release.current) and \(what); upgrade it"
            return .answer(.outcome(id, .failed(HostError("order \(id)", .refused, message))))
        }
    }
}

extension WireControllerFrame {
    init(_ frame: ControllerFrame) { self = frame.wire }
}
