internal import Model
internal import Reconciler

/// How far each sandbox and service is, by the events that were seen of it.
struct ProgressBoard: Sendable {
    /// What is under way for one service, or for the sandbox as a whole.
    struct Track: Sendable {
        var stage: Stage
        var running = 0
        var began: Timestamp
        var stageBegan: Timestamp
        /// When the last running step ended; `nil` while one runs.
        var ended: Timestamp?
        var failure: String?

        /// Milliseconds from the first step to the last, or to now.
        func elapsed(at now: Timestamp) -> Int64 { (ended ?? now).elapsed(since: began) }
    }

    enum Verdict: Hashable, Sendable {
        case running
        case converged
        case failed(String)
    }

    struct Row: Sendable {
        /// `nil` is the gateway.
        let sandbox: SandboxName?
        /// `nil` until a pass says how many steps it has.
        var total: Int?
        var done = 0
        var began: Timestamp
        var ended: Timestamp?
        var verdict = Verdict.running
        /// Steps for no service in particular: the network, the gateway.
        var own: Track?
        /// In the order in which they were first seen.
        var services: [(name: ServiceName, track: Track)] = []

        var title: String { sandbox?.text ?? "gateway" }
        var isSettled: Bool { verdict != .running }

        func elapsed(at now: Timestamp) -> Int64 { (ended ?? now).elapsed(since: began) }
    }

    /// In the order in which they were first seen.
    private(set) var rows: [Row] = []
    private var positions: [SandboxName?: Int] = [:]

    func row(of sandbox: SandboxName?) -> Row? { positions[sandbox].map { rows[$0] } }

    func track(of event: EventRecord) -> Track? {
        let row = row(of: event.sandbox)
        guard let service = event.service else { return row?.own }
        return row?.services.first { $0.name == service }?.track
    }

    /// Takes in one event. Kinds that say nothing of progress change nothing.
    mutating func take(_ event: EventRecord) {
        guard let news = News(event) else { return }
        let index = index(of: event.sandbox, at: event.at)
        switch news {
        case .began(let steps):
            if rows[index].isSettled { rows[index] = Row(sandbox: event.sandbox, began: event.at) }
            // A pass plans again after acting: what is to do now comes on top of what is done.
            rows[index].total = steps.map { rows[index].done + $0 }
        case .converged:
            rows[index].verdict = .converged
            rows[index].settle(at: event.at)
        case .failed:
            rows[index].verdict = .failed(told(event.message))
            rows[index].settle(at: event.at)
        case .step(let result):
            rows[index].update(event.service, at: event.at) { $0.take(result, event) }
            if result == .completed { rows[index].done += 1 }
            rows[index].settleIfGateway(at: event.at)
        }
    }

    private mutating func index(of sandbox: SandboxName?, at time: Timestamp) -> Int {
        if let index = positions[sandbox] { return index }
        positions[sandbox] = rows.count
        rows.append(Row(sandbox: sandbox, began: time))
        return rows.count - 1
    }
}

/// What an event says of progress.
enum News: Hashable, Sendable {
    /// With how many steps, where it says.
    case began(Int?)
    case converged
    case failed
    case step(StepRecord.Result)

    /// `nil` for events about something else.
    init?(_ event: EventRecord) {
        switch event.kind {
        case "pass.started", "drift":
            let steps = event.message.prefix { $0.isASCII && $0.isNumber }
            self = .began(event.message.dropFirst(steps.count).hasPrefix(" step") ? Int(steps) : nil)
        case "pass.converged": self = .converged
        case "pass.failed": self = .failed
        default:
            guard event.kind.hasPrefix("step."),
                let result = StepRecord.Result(rawValue: String(event.kind.dropFirst("step.".count)))
            else { return nil }
            self = .step(result)
        }
    }
}

extension ProgressBoard.Row {
    fileprivate mutating func update(
        _ service: ServiceName?, at time: Timestamp, _ change: (inout ProgressBoard.Track) -> Void
    ) {
        let fresh = ProgressBoard.Track(stage: .other, began: time, stageBegan: time)
        guard let service else {
            change(&own[orNew: fresh])
            return
        }
        if !services.contains(where: { $0.name == service }) { services.append((service, fresh)) }
        guard let index = services.firstIndex(where: { $0.name == service }) else { return }
        change(&services[index].track)
    }

    fileprivate mutating func settle(at time: Timestamp) {
        ended = time
        if own?.ended == nil { own?.ended = time }
        for index in services.indices where services[index].track.ended == nil { services[index].track.ended = time }
    }

    /// Of gateways no verdict is told: one is done when its steps are.
    fileprivate mutating func settleIfGateway(at time: Timestamp) {
        guard sandbox == nil, let total else { return }
        if let failure = own?.failure {
            verdict = .failed(failure)
        } else if done >= total {
            verdict = .converged
        } else {
            return
        }
        settle(at: time)
    }
}

extension ProgressBoard.Track {
    fileprivate mutating func take(_ result: StepRecord.Result, _ event: EventRecord) {
        switch result {
        case .started:
            stage = Stage(of: event.message)
            running += 1
            failure = nil
            stageBegan = event.at
            ended = nil
        case .completed:
            running = max(0, running - 1)
            stage = Stage(of: event.message)
            if running == 0 { ended = event.at }
        case .failed:
            running = max(0, running - 1)
            stage = Stage(of: event.message)
            failure = told(event.message)
            if running == 0 { ended = event.at }
        case .skipped: break
        }
    }
}

extension Optional {
    /// The value, which is made from `fresh` where there is none.
    fileprivate subscript(orNew fresh: Wrapped) -> Wrapped {
        get { self ?? fresh }
        set { self = newValue }
    }
}
