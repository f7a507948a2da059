package import AgentProtocol
internal import Synchronization

/// What goes wrong on one way of a link. Frames count from 1.
package struct WayFaults: Hashable, Sendable {
    /// How long a frame is under way; order is kept.
    package var delay: ClosedRange<Duration> = .zero...(.zero)
    /// One frame in so many comes twice.
    package var repeatsOneIn: Int?
    /// From this frame on nothing arrives, and nobody is told: a partition of one way.
    package var silentFrom: Int?
    /// With this frame the link breaks, both ways, and what is under way is lost.
    package var breaksAt: Int?
    /// Frames under way before a sender waits.
    package var room = 64

    package init() {}

    /// Faults as a seed has them: most ways are well, some have one, few have two.
    package init(using random: inout SplitMix64) {
        if random.oneIn(2) { delay = .zero ... .milliseconds(Int.random(in: 1...800, using: &random)) }
        if random.oneIn(8) { repeatsOneIn = Int.random(in: 2...6, using: &random) }
        if random.oneIn(5) { silentFrom = Int.random(in: 1...25, using: &random) }
        if random.oneIn(4) { breaksAt = Int.random(in: 1...25, using: &random) }
    }
}

/// One end of a link in memory, in virtual time. Nothing is ever reordered: it stands for a connection.
package final class MemoryLink<Outgoing: Sendable, Incoming: Sendable>: Link {
    private let out: Way<Outgoing>
    private let into: Way<Incoming>
    private let clock: VirtualClock
    private let end = Mutex<Duration?>(nil)

    fileprivate init(out: Way<Outgoing>, into: Way<Incoming>, clock: VirtualClock) {
        self.out = out
        self.into = into
        self.clock = clock
    }

    /// When the one who reads here learnt that it is over.
    package var endedAt: Duration? { end.withLock(\.self) }

    package func send(_ frame: Outgoing) async throws(LinkError) {
        guard await out.send(frame, at: clock) else { throw lost }
        if out.isBreaking { cut() }
    }

    package func receive() async throws(LinkError) -> Incoming? {
        switch await into.receive(at: clock) {
        case .frame(let frame): return frame
        case .ended:
            end.withLock { $0 = $0 ?? clock.elapsed }
            return nil
        case .lost:
            end.withLock { $0 = $0 ?? clock.elapsed }
            throw lost
        }
    }

    package func close() async {
        out.finish()
        into.cut()
    }

    /// The link breaks, as when a cable is drawn and both sides are told.
    package func cut() {
        out.cut()
        into.cut()
    }

    /// What this end sends vanishes from now on.
    package func loseWhatIsSent() { out.silence() }

    /// What this end is sent stays under way until the end: it reads nothing.
    package func stopReading() { into.stall() }

    private var lost: LinkError { LinkError(.lost, "simulated: the link broke") }
}

package typealias ControllerEnd = MemoryLink<ControllerFrame, AgentFrame>
package typealias AgentEnd = MemoryLink<AgentFrame, ControllerFrame>

/// Two ends that are connected.
package func memoryLink(
    on clock: VirtualClock, toAgent: WayFaults = WayFaults(), toController: WayFaults = WayFaults(),
    seed: UInt64 = 0
) -> (controller: ControllerEnd, agent: AgentEnd) {
    let down = Way<ControllerFrame>(toAgent, seed: seed)
    let up = Way<AgentFrame>(toController, seed: ~seed)
    return (
        ControllerEnd(out: down, into: up, clock: clock), AgentEnd(out: up, into: down, clock: clock)
    )
}

/// One way of a link.
private final class Way<Frame: Sendable>: Sendable {
    enum Arrival: Sendable { case frame(Frame), ended, lost }

    private struct State {
        var random: SplitMix64
        var count = 0
        var isSilent = false
        var isStalled = false
        var isFinished = false
        var isCut = false
        var underWay: [(due: Duration, frame: Frame)] = []
        var reader: CheckedContinuation<Void, Never>?
        var senders: [CheckedContinuation<Void, Never>] = []

        mutating func wakeAll() -> [CheckedContinuation<Void, Never>] {
            defer { (reader, senders) = (nil, []) }
            return senders + [reader].compactMap(\.self)
        }
    }

    private let faults: WayFaults
    private let state: Mutex<State>

    init(_ faults: WayFaults, seed: UInt64) {
        self.faults = faults
        state = Mutex(State(random: SplitMix64(seed: seed)))
    }

    var isBreaking: Bool { state.withLock { state in faults.breaksAt.map { state.count >= $0 } ?? false } }

    /// Whether there was still a link to send it on.
    func send(_ frame: Frame, at clock: VirtualClock) async -> Bool {
        while true {
            let (isOver, isFull) = state.withLock { state in
                (state.isCut || state.isFinished, state.underWay.count >= faults.room)
            }
            if isOver { return false }
            if !isFull { break }
            await withCheckedContinuation { sender in
                let isFree = state.withLock { state in
                    guard !state.isCut, !state.isFinished, state.underWay.count >= faults.room else { return true }
                    state.senders.append(sender)
                    return false
                }
                if isFree { sender.resume() }
            }
        }
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.count += 1
            if state.isSilent || faults.silentFrom.map({ state.count >= $0 }) ?? false { return nil }
            let range = faults.delay
            let span = (range.upperBound - range.lowerBound) * Double.random(in: 0...1, using: &state.random)
            let due = max(state.underWay.last?.due ?? .zero, clock.elapsed + range.lowerBound + span)
            state.underWay.append((due, frame))
            if let chances = faults.repeatsOneIn, state.random.oneIn(chances) {
                state.underWay.append((due, frame))
            }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
        return true
    }

    func receive(at clock: VirtualClock) async -> Arrival {
        while true {
            let (arrival, due) = state.withLock { state -> (Arrival?, Duration?) in
                if state.isCut { return (.lost, nil) }
                guard !state.isStalled, let first = state.underWay.first else {
                    return (state.isFinished && state.underWay.isEmpty ? .ended : nil, nil)
                }
                guard first.due <= clock.elapsed else { return (nil, first.due) }
                state.underWay.removeFirst()
                return (.frame(first.frame), nil)
            }
            if let arrival {
                state.withLock { state in
                    defer { state.senders = [] }
                    return state.senders
                }.forEach { $0.resume() }
                return arrival
            }
            await news(before: due, on: clock)
        }
    }

    /// Waits until something changes, or a frame arrives that is under way.
    private func news(before due: Duration?, on clock: VirtualClock) async {
        await withDiscardingTaskGroup { group in
            if let due {
                group.addTask {
                    do { try await clock.sleep(for: max(.zero, due - clock.elapsed)) } catch {
                        // Something changed before.
                    }
                    self.wakeReader()
                }
            }
            await withCheckedContinuation { reader in
                let isOver = state.withLock { state in
                    let isDue = state.underWay.first.map { $0.due <= clock.elapsed && !state.isStalled } ?? false
                    if state.isCut || isDue || state.isFinished && state.underWay.isEmpty { return true }
                    if due == nil, !state.underWay.isEmpty, !state.isStalled { return true }
                    state.reader = reader
                    return false
                }
                if isOver { reader.resume() }
            }
            group.cancelAll()
        }
    }

    private func wakeReader() {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    func finish() { change { $0.isFinished = true } }
    func cut() {
        change {
            $0.isCut = true
            $0.underWay = []
        }
    }
    func silence() { state.withLock { $0.isSilent = true } }
    func stall() { state.withLock { $0.isStalled = true } }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            return state.wakeAll()
        }
        for waiter in waiters { waiter.resume() }
    }
}
