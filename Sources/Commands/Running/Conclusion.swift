internal import Model
package import Planner
package import Reconciler

/// What a sentence of `FleetStatus.notices` is about, by the words that the planner and the fleet use.
enum Remark: Hashable {
    case gatewayMoves
    /// A gateway, an archive of images or a workpiece that is not as it should be.
    case shared
    case blindSpot
    case heldDeletions
    /// A shared deployment, which is nobody's of ours to mend.
    case baseline
    case other

    init(_ sentence: String) {
        if sentence.hasPrefix("gateway "), sentence.hasSuffix(" is being configured") {
            self = .gatewayMoves
        } else if Self.sharedThings.contains(where: sentence.hasPrefix), sentence.contains(": ") {
            self = .shared
        } else if sentence.hasPrefix("node ") && sentence.contains("is away")
            || sentence.contains("which nobody serves")
        {
            self = .blindSpot
        } else if sentence.contains(" deletion(s) wait") {
            self = .heldDeletions
        } else if sentence.hasPrefix("baseline of ") {
            self = .baseline
        } else {
            self = .other
        }
    }

    private static let sharedThings = ["gateway ", "bundle ", "workpiece "]
}

/// What converging came to: the exit code, and what a person should know, each thing once.
package struct Conclusion: Hashable, Sendable {
    package private(set) var status = ExitStatus.success
    /// In the order in which they are told.
    package private(set) var sentences: [String] = []
    private var isHeld = false
    private var isBlind = false
    private var isBad = false

    /// `plan` is a fresh look, where there is one.
    package init(
        _ ending: Follow.Ending, _ statuses: [SandboxStatus], notices: [String], plan: FleetPlan? = nil,
        timeout: Duration
    ) {
        for problem in plan?.problems ?? [] {
            isBad = isBad || problem.severity == .error
            tell("\(problem)")
        }
        switch ending {
        case .settled, .stopped: break
        case .failed(let failures):
            isBad = true
            failures.forEach { tell($0) }
        case .timedOut(let open):
            isBad = true
            // Of many each has a line of its own.
            let late = "not there after \(words(milliseconds: timeout.milliseconds)): "
            tell(open.count == 1 ? late + open[0] : late + "\(open.count) are open")
            if open.count > 1 { open.forEach { tell($0) } }
        }
        for status in statuses where status.phase == .failed {
            isBad = true
            tell("\(status.sandbox): \(told(status.message))")
        }
        for status in statuses where status.phase == .unknown {
            isBlind = true
            tell("\(status.sandbox): \(told(status.message))")
        }
        notices.forEach { take($0) }
        if let plan { take(plan, isSettled: ending == .settled) }
        isHeld = isHeld || statuses.contains { $0.phase == .held }
        status = isBad ? .failure : isBlind ? .incomplete : isHeld ? .deletionsHeld : .success
    }

    private mutating func take(_ notice: String) {
        switch Remark(notice) {
        case .gatewayMoves: return
        case .blindSpot: isBlind = true
        case .heldDeletions: isHeld = true
        case .baseline: break
        case .shared, .other: isBad = true
        }
        tell(notice)
    }

    private mutating func take(_ plan: FleetPlan, isSettled: Bool) {
        plan.blindSpots.forEach { take($0) }
        for sentence in plan.unanswered {
            isBlind = true
            tell(sentence)
        }
        if let held = plan.heldDeletions { take(held.sentence) }
        for (name, problem) in plan.frozen.sorted(by: { $0.key < $1.key }) {
            isBad = true
            tell("\(name): left as it is: \(problem)")
        }
        for subject in plan.plans where subject.kind != .none && !subject.isTidying {
            let blockers = subject.blockers.filter { $0.need != .consent }
            for blocker in blockers { tell("\(subject.subject): \(blocker)", of: blocker.sentence) }
            guard subject.blockers.isEmpty || !blockers.isEmpty else { continue }
            // Where it is not settled, what is left to do is no news.
            guard isSettled else { continue }
            isBad = true
            if blockers.isEmpty { tell("\(subject.subject): there is something to do again (\(subject.cause))") }
        }
    }

    /// Says what no sentence before says already.
    private mutating func tell(_ sentence: String, of core: String? = nil) {
        guard !sentences.contains(where: { $0.contains(core ?? sentence) }) else { return }
        sentences.append(sentence)
    }
}

extension Plan {
    /// Whether it only removes what nobody uses: whether that is done now or later changes nothing.
    fileprivate var isTidying: Bool {
        switch subject {
        case .workpiece: kind == .remove
        case .gateway, .bundle, .sandbox: false
        }
    }
}

extension Duration {
    var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
