internal import AgentProtocol
internal import Model
internal import Reconciler

/// What an agent answers to a question.
enum Answer: Sendable {
    case observation(Observation)
    case tail(TailAnswer)
}

/// A full observation that an agent told, and may refer to.
struct Told: Sendable {
    let id: ObservationID
    let node: ObservedNode
}

/// A question that is not answered.
struct OpenQuestion: Sendable {
    let operation: String
    /// Whether it is for an observation.
    let isLook: Bool
    let promise: Promise<Result<Answer, HostError>>
}

/// An order whose outcome is not known.
struct OpenOrder<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    let order: Order
    let promise: Promise<Outcome>
    let deadline: Instant
    var isAccepted = false
    var withdrawnAt: Instant?
    /// Whether the program ends: then a lost agent is not waited for.
    var isHurried = false
    var lostAt: Instant?

    /// What its caller is told when nobody waits for the agent any more.
    var givenUp: HostError {
        let what = isAccepted ? "it was begun" : "nobody knows whether it was begun"
        let why = withdrawnAt == nil ? "its agent was lost" : "it was given up"
        return HostError("\(order.action)", .unreachable, "\(why), and \(what): look again what became of it")
    }
}

/// What one node's host knows and waits for. Every change is one synchronous function; promises are kept outside.
struct RemoteState<Instant: InstantProtocol & Sendable>: Sendable where Instant.Duration == Duration {
    enum Verdict {
        case settled
        case wait(until: Instant)
        case fail(Promise<Outcome>, HostError)
    }

    /// Whole-node questions whose last full answer is kept.
    static var mostTold: Int { 2 }
    /// Orders that were given up while the agent was away, to be withdrawn when it is back.
    static var mostAbandoned: Int { Bounds.orders }
    /// How long after a question without an answer nobody asks again.
    static var respite: Duration { .seconds(60) }

    let epoch: Epoch
    private let numbers: OrderNumbers
    var presence: Presence
    var hints = HintGate<Instant>()
    private(set) var session: SessionLine?
    /// Whether a whole-node question was answered in this session.
    private(set) var wasSeen = false
    /// When a question of this session was given up, unless an observation came since.
    private var overdueSince: Instant?
    private var lastQuestion: UInt64 = 0
    private var orders: [Order.ID: OpenOrder<Instant>] = [:]
    private var abandoned: [Order.ID] = []
    private var questions: [QuestionID: OpenQuestion] = [:]
    private var told: [(inquiry: Inquiry, told: Told)] = []

    init(epoch: Epoch, numbers: OrderNumbers, since: Timestamp) {
        self.epoch = epoch
        self.numbers = numbers
        presence = Presence(since: since)
    }

    var hasOrders: Bool { !orders.isEmpty }

    // MARK: Sessions

    mutating func join(_ line: SessionLine, _ hello: Hello, at now: Timestamp) -> SessionLine? {
        let former = session
        session = line
        overdueSince = nil
        wasSeen = false
        told = []
        presence.arrive(hello, at: now)
        for id in abandoned { line.put(.withdraw(id)) }
        abandoned = []
        for id in orders.keys.sorted() {
            guard let open = orders[id] else { continue }
            orders[id]?.lostAt = nil
            line.put(.perform(open.order))
            if open.withdrawnAt != nil { line.put(.withdraw(id)) }
        }
        return former
    }

    /// What fails with it; `nil` where another session has taken its place.
    mutating func leave(_ line: SessionLine, because why: String, at now: Timestamp, _ instant: Instant)
        -> (questions: [OpenQuestion], orders: [OpenOrder<Instant>])?
    {
        guard session === line else { return nil }
        session = nil
        overdueSince = nil
        wasSeen = false
        told = []
        presence.leave(why, at: now)
        defer { questions = [:] }
        var failed: [OpenOrder<Instant>] = []
        for id in orders.keys {
            orders[id]?.lostAt = instant
            guard let open = orders[id], open.withdrawnAt != nil || open.isHurried else { continue }
            failed += [abandon(id)].compactMap(\.self)
        }
        return (Array(questions.values), failed)
    }

    // MARK: Questions

    /// `nil` where nobody is here to be asked.
    mutating func enter(
        _ promise: Promise<Result<Answer, HostError>>, _ operation: String, isLook: Bool
    ) -> QuestionID? {
        guard session != nil else { return nil }
        lastQuestion += 1
        let id = QuestionID(lastQuestion)
        questions[id] = OpenQuestion(operation: operation, isLook: isLook, promise: promise)
        return id
    }

    mutating func take(_ id: QuestionID) -> OpenQuestion? { questions.removeValue(forKey: id) }

    /// The same for one that nobody answered in time.
    mutating func expire(_ id: QuestionID, at now: Instant) -> OpenQuestion? {
        guard let question = take(id) else { return nil }
        if question.isLook { overdueSince = now }
        return question
    }

    /// Whether to ask would only be to wait.
    func isOverdue(at now: Instant) -> Bool {
        guard let overdueSince else { return false }
        return now < overdueSince.advanced(by: Self.respite)
    }

    /// An observation came, in time or late. Whether none was expected any more.
    mutating func endOverdue() -> Bool {
        defer { overdueSince = nil }
        return overdueSince != nil
    }

    /// What was told to this question in this session; only of the whole node.
    func told(to inquiry: Inquiry) -> Told? {
        let key = Self.key(inquiry)
        return told.last { $0.inquiry == key }?.told
    }

    /// Whether it is the first of its session.
    mutating func see(_ node: ObservedNode, as id: ObservationID, to inquiry: Inquiry) -> Bool {
        guard inquiry.sandbox == nil, session != nil else { return false }
        let key = Self.key(inquiry)
        told.removeAll { $0.inquiry == key }
        told.append((key, Told(id: id, node: node)))
        if told.count > Self.mostTold { told.removeFirst() }
        presence.see(node)
        defer { wasSeen = true }
        return !wasSeen
    }

    /// How long one waits does not change what is asked.
    private static func key(_ inquiry: Inquiry) -> Inquiry {
        var key = inquiry
        key.patience = .zero
        return key
    }

    // MARK: Orders

    /// `nil` where nobody is here to be asked.
    mutating func enter(
        _ action: Action, _ uid: ResourceUID, _ revision: CommitID?, _ promise: Promise<Outcome>,
        until deadline: Instant
    ) -> Order.ID? {
        guard let session else { return nil }
        let order = Order(id: numbers.next(of: epoch), uid: uid, revision: revision, action: action)
        orders[order.id] = OpenOrder(order: order, promise: promise, deadline: deadline)
        session.put(.perform(order))
        return order.id
    }

    mutating func accept(_ id: Order.ID) { orders[id]?.isAccepted = true }

    mutating func settle(_ id: Order.ID) -> OpenOrder<Instant>? { orders.removeValue(forKey: id) }

    /// The order, if it fails at once.
    mutating func withdraw(_ id: Order.ID, at now: Instant) -> OpenOrder<Instant>? {
        guard let open = orders[id], open.withdrawnAt == nil else { return nil }
        orders[id]?.withdrawnAt = now
        guard let session else { return abandon(id) }
        session.put(.withdraw(id))
        return nil
    }

    mutating func hurry(_ id: Order.ID) -> OpenOrder<Instant>? {
        orders[id]?.isHurried = true
        return session == nil ? abandon(id) : nil
    }

    mutating func takeWithdrawn(before limit: Instant) -> [OpenOrder<Instant>] {
        let late = orders.values.filter { order in order.withdrawnAt.map { $0 <= limit } ?? false }
        for open in late { orders[open.order.id] = nil }
        return late
    }

    mutating func verdict(on id: Order.ID, at now: Instant, _ settings: RemoteSettings) -> Verdict {
        guard let open = orders[id] else { return .settled }
        if now >= open.deadline {
            session?.put(.withdraw(id))
            _ = abandon(id)
            let hours = settings.longestOrder.components.seconds / 3600
            return .fail(
                open.promise,
                HostError("\(open.order.action)", .unreachable, "the agent did not end it within \(hours) h"))
        }
        let reunion = (open.lostAt ?? now).advanced(by: settings.reunion)
        if now >= reunion {
            _ = abandon(id)
            return .fail(open.promise, open.givenUp)
        }
        return .wait(until: min(open.deadline, reunion))
    }

    private mutating func abandon(_ id: Order.ID) -> OpenOrder<Instant>? {
        guard let open = orders.removeValue(forKey: id) else { return nil }
        if session == nil {
            abandoned.append(id)
            if abandoned.count > Self.mostAbandoned { abandoned.removeFirst() }
        }
        return open
    }
}
