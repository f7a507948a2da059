internal import Model
internal import Planner

/// Puts together what is told of each flip: when it was effective, and what became of the requests that the old target
/// still had. Where the old target goes, that is known only when it has been waited for.
struct Flips {
    struct Told {
        let key: RouteKey
        let message: String
    }

    private struct Flip {
        let key: RouteKey
        let target: RouteTarget?
        let receipt: Receipt.Flip
    }

    /// Services whose old target is waited for.
    private let drained: Set<ServiceName>
    private var waiting: [ServiceName: Flip] = [:]

    init(of plan: Plan) {
        drained = Set(
            plan.steps.compactMap { step in
                if case .drain = step.action { step.service } else { nil }
            })
    }

    /// What there is to tell now that a step is done.
    mutating func add(_ receipt: Receipt?, of step: Plan.Step) -> Told? {
        switch (step.action, receipt) {
        case (.setRoute(_, let key, let target), .flip(let receipt)?):
            // Not a flip: nobody was sent anywhere before, or it is only said how the same target does.
            guard target.endpoint != nil || target == .suspended else { return nil }
            return note(Flip(key: key, target: target, receipt: receipt))
        case (.removeRoute(_, let key), .flip(let receipt)?):
            return note(Flip(key: key, target: nil, receipt: receipt))
        case (.drain, .drain(let drain)?):
            guard let flip = step.service.flatMap({ waiting.removeValue(forKey: $0) }) else { return nil }
            return told(flip, finished: drain.finished, dropped: drain.dropped, kept: 0)
        case (_, _): return nil
        }
    }

    /// What is told of a flip whose old target could not be waited for.
    mutating func abandon(_ step: Plan.Step) -> Told? {
        guard case .drain = step.action, let flip = step.service.flatMap({ waiting.removeValue(forKey: $0) }) else {
            return nil
        }
        return told(flip, finished: 0, dropped: 0, kept: flip.receipt.openOnOld ?? 0)
    }

    private mutating func note(_ flip: Flip) -> Told? {
        guard drained.contains(flip.key.service) else {
            return told(flip, finished: 0, dropped: 0, kept: flip.receipt.openOnOld ?? 0)
        }
        waiting[flip.key.service] = flip
        return nil
    }

    private func told(_ flip: Flip, finished: Int, dropped: Int, kept: Int) -> Told {
        let target = flip.target.map { "\($0)" } ?? "its baseline"
        let isFirst = flip.receipt.openOnOld == nil && finished + dropped == 0
        let old = isFirst ? "" : "; old target: \(finished) finished, \(dropped) dropped, \(kept) kept"
        return Told(
            key: flip.key,
            message: "\(flip.key.service) → \(target); effective \(flip.receipt.effectiveAt.timeOfDay)\(old)")
    }
}

extension Timestamp {
    /// `12:04:11.123Z`
    fileprivate var timeOfDay: String {
        let millis = Int(((milliseconds % 86_400_000) + 86_400_000) % 86_400_000)
        func padded(_ number: Int, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
        }
        return [millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60].map { padded($0, 2) }
            .joined(separator: ":") + "." + padded(millis % 1000, 3) + "Z"
    }
}
