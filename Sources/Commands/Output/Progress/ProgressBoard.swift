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
        /// `nil` is what all sandboxes share: gateways, images, or one workpiece.
        let sandbox: SandboxName?
        /// Steps of its own; `nil` until a pass says how many it has.
        var planned: Int?
        var completed = 0
        /// Steps of what is made for it, and how many of them have been done.
        var toMake = 0
        var made = 0
        var began: Timestamp
        var ended: Timestamp?
        var verdict = Verdict.running
        /// Steps for no service in particular: the network, the gateway.
        var own: Track?
        /// In the order in which they were first seen.
        var services: [(name: ServiceName, track: Track)] = []

        var title: String { sandbox?.text ?? (own?.stage == .load ? "images" : "gateway") }
        var isSettled: Bool { verdict != .running }
        var done: Int { completed + made }
        var total: Int? { planned == nil && toMake == 0 ? nil : (planned ?? 0) + toMake }

        func elapsed(at now: Timestamp) -> Int64 { (ended ?? now).elapsed(since: began) }
    }

    /// In the order in which they were first seen.
    private(set) var rows: [Row] = []
    private var positions: [SandboxName?: Int] = [:]
    /// What is made of a commit has no line of its own: it is shown with every service that waits for it.
    private var pieces: [Workpiece.ID: Row] = [:]
    private var waiting: [Workpiece.ID: [Waiting]] = [:]

    private struct Waiting: Hashable, Sendable {
        let sandbox: SandboxName
        let service: ServiceName?
    }

    func row(of sandbox: SandboxName?) -> Row? { positions[sandbox].map { rows[$0] } }

    /// The row, shown or not, that an event is about.
    func row(of event: EventRecord) -> Row? {
        if let piece = event.ownPiece { return pieces[piece] }
        return row(of: event.sandbox)
    }

    func track(of event: EventRecord) -> Track? {
        let row = row(of: event)
        guard let service = event.service else { return row?.own }
        return row?.services.first { $0.name == service }?.track
    }

    /// Takes in one event. Kinds that say nothing of progress change nothing.
    mutating func take(_ event: EventRecord) {
        guard let news = News(event) else { return }
        if let piece = event.ownPiece {
            take(news, event, of: piece)
        } else if news == .awaits {
            beginWaiting(event)
        } else {
            let index = index(of: event.sandbox, at: event.at)
            rows[index].take(news, event)
            if case .step = news, let service = event.service { endWaiting(of: event.sandbox, for: service) }
        }
    }

    private mutating func index(of sandbox: SandboxName?, at time: Timestamp) -> Int {
        if let index = positions[sandbox] { return index }
        positions[sandbox] = rows.count
        rows.append(Row(sandbox: sandbox, began: time))
        return rows.count - 1
    }

    // MARK: What is made of commits

    private mutating func take(_ news: News, _ event: EventRecord, of piece: Workpiece.ID) {
        let before = pieces[piece]?.open ?? 0
        pieces[piece, default: Row(sandbox: nil, began: event.at)].take(news, event)
        let more = (pieces[piece]?.open ?? 0) - before
        let done = news == .step(.completed) ? 1 : 0
        for sandbox in Set(waiting[piece, default: []].map(\.sandbox)) {
            let index = index(of: sandbox, at: event.at)
            rows[index].toMake += more + done
            rows[index].made += done
        }
        for one in waiting[piece, default: []] {
            guard let own = pieces[piece]?.own else { break }
            rows[index(of: one.sandbox, at: event.at)].show(own, for: one.service, at: event.at)
        }
        if news == .converged { waiting[piece] = nil }
    }

    private mutating func beginWaiting(_ event: EventRecord) {
        guard let piece = event.piece, let sandbox = event.sandbox else { return }
        let one = Waiting(sandbox: sandbox, service: event.service)
        let others = waiting[piece] ?? []
        guard !others.contains(one) else { return }
        waiting[piece] = others + [one]
        let index = index(of: sandbox, at: event.at)
        if rows[index].isSettled { rows[index] = Row(sandbox: sandbox, began: event.at) }
        // Somebody else may have waited for it before: then it is under way.
        let begun = pieces[piece].flatMap { $0.isSettled ? nil : $0 }
        // Two services of one sandbox may wait for the same.
        if !others.contains(where: { $0.sandbox == sandbox }) { rows[index].toMake += begun?.open ?? 0 }
        let turn = Track(stage: .wait, running: 1, began: event.at, stageBegan: event.at)
        rows[index].show(begun?.own ?? turn, for: event.service, at: event.at)
    }

    /// Its own steps have come: what it waited for is there, or needed no more.
    private mutating func endWaiting(of sandbox: SandboxName?, for service: ServiceName) {
        for (piece, names) in waiting {
            let rest = names.filter { $0.sandbox != sandbox || $0.service != service }
            guard rest.count < names.count else { continue }
            waiting[piece] = rest.isEmpty ? nil : rest
            guard let index = positions[sandbox], !rest.contains(where: { $0.sandbox == sandbox }) else { continue }
            rows[index].toMake -= pieces[piece]?.open ?? 0
        }
    }
}

/// What an event says of progress.
enum News: Hashable, Sendable {
    /// With how many steps, where it says.
    case began(Int?)
    case converged
    case failed
    case step(StepRecord.Result)
    /// A service waits for what is made of a commit.
    case awaits

    /// `nil` for events about something else.
    init?(_ event: EventRecord) {
        switch event.kind {
        case "pass.started", "drift":
            let steps = event.message.prefix { $0.isASCII && $0.isNumber }
            self = .began(event.message.dropFirst(steps.count).hasPrefix(" step") ? Int(steps) : nil)
        case "pass.converged": self = .converged
        case "pass.failed": self = .failed
        case "piece.awaited": self = .awaits
        default:
            guard event.kind.hasPrefix("step."),
                let result = StepRecord.Result(rawValue: String(event.kind.dropFirst("step.".count)))
            else { return nil }
            self = .step(result)
        }
    }
}

extension EventRecord {
    /// The workpiece that the event is about, where it is about that and no sandbox.
    var ownPiece: Workpiece.ID? { sandbox == nil ? piece : nil }
}

extension ProgressBoard.Row {
    fileprivate mutating func take(_ news: News, _ event: EventRecord) {
        switch news {
        case .began(let steps):
            if isSettled { self = ProgressBoard.Row(sandbox: sandbox, began: event.at) }
            // A pass plans again after acting: what is to do now comes on top of what is done.
            planned = steps.map { completed + $0 }
        case .converged:
            verdict = .converged
            settle(at: event.at)
        case .failed:
            verdict = .failed(told(event.message))
            settle(at: event.at)
        case .step(let result):
            update(event.service, at: event.at) { $0.take(result, event) }
            if result == .completed { completed += 1 }
            settleIfGateway(at: event.at)
        case .awaits: break
        }
    }

    /// Steps of its own that are still to do.
    fileprivate var open: Int { isSettled ? 0 : max(0, (planned ?? 0) - completed) }

    /// Shows what is made for `service` as if it were made for this sandbox alone.
    fileprivate mutating func show(_ made: ProgressBoard.Track, for service: ServiceName?, at time: Timestamp) {
        update(service, at: time) { track in
            let began = track.began
            track = made
            track.began = began
        }
    }

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
