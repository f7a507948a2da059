internal import AgentProtocol
internal import GRDB
internal import Model
internal import Reconciler

/// An outcome as the columns of the table `ordered`.
struct StoredOutcome {
    enum Kind: String { case done, flip, drain, failed }

    let kind: Kind
    var flip: Receipt.Flip?
    var drain: Receipt.Drain?
    var error: HostError?

    init(_ outcome: Outcome) {
        switch outcome {
        case .done(nil): kind = .done
        case .done(.flip(let flip)?):
            kind = .flip
            self.flip = flip
        case .done(.drain(let drain)?):
            kind = .drain
            self.drain = drain
        case .failed(let error):
            kind = .failed
            self.error = error
        }
    }
}

extension Outcome {
    /// `nil` for an order that has none yet.
    fileprivate init?(_ row: Row) throws {
        guard let kind: StoredOutcome.Kind = try row.optionalWord("outcome") else { return nil }
        switch kind {
        case .done: self = .done(nil)
        case .flip:
            self = .done(
                .flip(
                    Receipt.Flip(effectiveAt: try row.time("effectiveAt"), openOnOld: try row.optional("openOnOld"))))
        case .drain:
            self = .done(.drain(Receipt.Drain(finished: try row.value("finished"), dropped: try row.value("dropped"))))
        case .failed:
            self = .failed(
                HostError(try row.value("operation"), try row.word("failure"), try row.value("message")))
        }
    }
}

extension OrderEntry {
    init(_ row: Row) throws {
        self.init(
            id: Order.ID(Epoch(try row.count("epoch")), try row.count("number")),
            uid: ResourceUID(try row.value("uid")), action: try row.value("action"), begunAt: try row.time("begunAt"),
            outcome: try Outcome(row))
    }
}
