internal import AgentProtocol
internal import Model
internal import Reconciler
internal import SwiftProtobuf

extension Order.ID: WireCoded {
    var wire: WireOrderID {
        .with {
            $0.epoch = epoch.number
            $0.number = number
        }
    }

    init(wire: WireOrderID, at path: FieldPath) throws(LinkError) { self.init(Epoch(wire.epoch), wire.number) }
}

extension Order: WireCoded {
    var wire: WireOrder {
        .with {
            $0.id = id.wire
            $0.uid = uid.text
            if let revision { $0.revision = revision.text }
            $0.action = action.wire
        }
    }

    init(wire: WireOrder, at path: FieldPath) throws(LinkError) {
        self.init(
            id: try path["id"].one(wire.hasID, wire.id), uid: ResourceUID(try path["uid"].identifier(wire.uid)),
            revision: wire.hasRevision ? try path["revision"].commit(wire.revision) : nil,
            action: try path["action"].one(wire.hasAction, wire.action))
    }
}

extension Outcome {
    func wire(of id: Order.ID) -> WireOrderOutcome {
        .with {
            $0.id = id.wire
            switch self {
            case .done(let receipt): $0.done = .with { done in if let receipt { done.receipt = receipt.wire } }
            case .failed(let error): $0.failed = error.wire
            }
        }
    }

    init(wire: WireOrderOutcome, at path: FieldPath) throws(LinkError) {
        switch wire.outcome {
        case .done(let done): self = .done(try path["done"]["receipt"].maybe(done.hasReceipt, done.receipt))
        case .failed(let error): self = .failed(try HostError(wire: error, at: path["failed"]))
        case nil: throw path.unknown
        }
    }
}

extension Receipt: WireCoded {
    var wire: WireReceipt {
        .with {
            switch self {
            case .flip(let flip):
                $0.flip.effectiveAtMillis = flip.effectiveAt.milliseconds
                if let open = flip.openOnOld { $0.flip.openOnOld = Int64(open) }
            case .drain(let drain):
                $0.drain.finished = Int64(drain.finished)
                $0.drain.dropped = Int64(drain.dropped)
            }
        }
    }

    init(wire: WireReceipt, at path: FieldPath) throws(LinkError) {
        switch wire.receipt {
        case .flip(let flip):
            let open = flip.hasOpenOnOld ? try path["flip"]["open_on_old"].count(flip.openOnOld) : nil
            let time = try path["flip"]["effective_at_millis"].time(flip.effectiveAtMillis)
            self = .flip(Flip(effectiveAt: time, openOnOld: open))
        case .drain(let drain):
            let path = path["drain"]
            self = .drain(
                Drain(
                    finished: try path["finished"].count(drain.finished),
                    dropped: try path["dropped"].count(drain.dropped)))
        case nil: throw path.unknown
        }
    }
}
