import Planner
import TestSupport
import Testing

/// Virtual time: a number that moves when the simulation says so.
struct Tick: InstantProtocol {
    var offset: Duration = .zero
    func advanced(by duration: Duration) -> Tick { Tick(offset: offset + duration) }
    func duration(to other: Tick) -> Duration { other.offset - offset }
    static func < (lhs: Tick, rhs: Tick) -> Bool { lhs.offset < rhs.offset }
}

@Suite struct ReconcileLoopTests {
    static let policies: [ReconcileLoop<Tick>.Policy] = [
        .init(interval: .seconds(60), firstRetry: .seconds(1), longestRetry: .seconds(60)),
        .init(interval: nil, firstRetry: .seconds(1), longestRetry: .seconds(30)),
    ]

    @Test("No pass overlaps another, and no trigger is forgotten", arguments: 0..<300 as Range<UInt64>, [0, 1])
    func serializesPasses(seed: UInt64, policyIndex: Int) {
        let policy = Self.policies[policyIndex]
        var random = SplitMix64(seed: seed)
        var loop = ReconcileLoop<Tick>(policy: policy, now: Tick())
        var now = Tick()
        var isRunning = false
        var isTriggerUnseen = false
        var isHintUnseen = false
        var hasFailed = false
        var earliest = Tick()
        var alarms: [Tick] = []

        func feed(_ event: ReconcileLoop<Tick>.Event) {
            if event == .triggered { isTriggerUnseen = true }
            if event == .hinted { isHintUnseen = true }
            if event == .passed || event == .failed {
                isRunning = false
                hasFailed = event == .failed
                earliest = hasFailed ? now.advanced(by: policy.firstRetry) : now
            }
            switch loop.handle(event, at: now) {
            case .reconcile?:
                #expect(!isRunning, "two passes at once at \(now.offset)")
                #expect(now >= earliest || isTriggerUnseen, "tried again at \(now.offset) before the backoff ended")
                isRunning = true
                isTriggerUnseen = false
                isHintUnseen = false
            case .wake(let due)?:
                #expect(due > now)
                #expect(now.duration(to: due) <= .seconds(60))
                alarms.append(due)
            case nil: break
            }
        }

        feed(.woke)
        for _ in 0..<500 {
            now = now.advanced(by: .milliseconds(Int.random(in: 0...500, using: &random)))
            while let due = alarms.firstIndex(where: { $0 <= now }) {
                alarms.remove(at: due)
                feed(.woke)
            }
            if random.oneIn(4) { feed(random.oneIn(2) ? .triggered : .hinted) }
            if isRunning, random.oneIn(2) { feed(random.oneIn(5) ? .failed : .passed) }
            let mustWake = policy.interval != nil || hasFailed
            #expect(isRunning || !alarms.isEmpty || !mustWake, "asleep without an alarm")
            #expect(alarms.count <= 8, "sleepers pile up")
        }
        if isRunning { feed(.passed) }
        #expect(!isTriggerUnseen || isRunning, "a trigger was forgotten")
        #expect(!isHintUnseen || isRunning || hasFailed, "a hint was forgotten")
    }

    @Test("A loop without an interval sleeps until somebody asks, and retries what failed")
    func withoutInterval() {
        var loop = ReconcileLoop<Tick>(policy: Self.policies[1], now: Tick())
        #expect(loop.handle(.woke, at: Tick()) == .reconcile)
        #expect(loop.handle(.passed, at: Tick()) == nil)
        #expect(loop.handle(.triggered, at: Tick()) == .reconcile)
        #expect(loop.handle(.failed, at: Tick()) == .wake(at: Tick(offset: .seconds(1))))
        #expect(loop.handle(.woke, at: Tick(offset: .seconds(1))) == .reconcile)
        #expect(loop.handle(.failed, at: Tick(offset: .seconds(1))) == .wake(at: Tick(offset: .seconds(3))))
    }

    @Test("Hints without end do not bring a failing subject back sooner, and the longest wait is reached")
    func hintsDuringBackoff() {
        var loop = ReconcileLoop<Tick>(policy: Self.policies[1], now: Tick())
        var now = Tick()
        #expect(loop.handle(.woke, at: now) == .reconcile)
        var waits: [Duration] = []
        for _ in 0..<7 {
            #expect(loop.handle(.hinted, at: now) == nil)
            guard case .wake(let due)? = loop.handle(.failed, at: now) else {
                Issue.record("no alarm was set")
                return
            }
            waits.append(now.duration(to: due))
            #expect(loop.handle(.hinted, at: now) == nil)
            now = due
            #expect(loop.handle(.hinted, at: now) == nil)
            #expect(loop.handle(.woke, at: now) == .reconcile)
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30].map(Duration.seconds))
        #expect(loop.handle(.passed, at: now) == nil)
        // All is well again, and a hint is news.
        #expect(loop.handle(.hinted, at: now) == .reconcile)
    }

    @Test("A trigger during a pass starts the next one however it ends; a hint does only when it ends well")
    func duringAPass() {
        let cases: [([ReconcileLoop<Tick>.Event], ReconcileLoop<Tick>.Event, Bool)] = [
            ([.triggered], .passed, true), ([.triggered], .failed, true), ([.hinted], .passed, true),
            ([.hinted], .failed, false), ([.triggered, .hinted], .failed, true),
            ([.hinted, .triggered], .failed, true),
            ([], .passed, false), ([], .failed, false),
        ]
        for (events, end, isFollowed) in cases {
            var loop = ReconcileLoop<Tick>(policy: Self.policies[1], now: Tick())
            #expect(loop.handle(.woke, at: Tick()) == .reconcile)
            for event in events { #expect(loop.handle(event, at: Tick()) == nil) }
            #expect((loop.handle(end, at: Tick()) == .reconcile) == isFollowed, "\(events) then \(end)")
        }
    }
}
