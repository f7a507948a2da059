internal import AgentProtocol
internal import Logging
internal import Model
internal import Reconciler
internal import Synchronization

/// One session with a controller, from the first frame to the end of the link.
final class AgentSession<Time: Clock>: Sendable where Time.Duration == Duration, Time.Instant: Sendable {
    /// Questions answered at once.
    static var mostQuestions: Int { 64 }
    /// How long the link is kept after the last frame, so that it arrives.
    static var lastWords: Duration { .milliseconds(500) }

    private struct State {
        var vitals: Vitals<Time.Instant>
        var told = ToldObservations()
        var questions = 0
        var isWelcome = false
        /// Why it ends; the first reason counts.
        var end: LinkError?
    }

    let number: Int
    private let link: LinkToController
    private let outbox: Outbox
    private let host: any Host
    private let desk: OrderDesk<Time>
    private let policy: AgentPolicy
    private let tail: @Sendable (Tail) async -> TailAnswer
    private let stopping: Latch
    private let settings: AgentSettings
    private let surroundings: Surroundings
    private let clock: Time
    private let state: Mutex<State>

    init(
        number: Int, link: LinkToController, outbox: Outbox, host: any Host, desk: OrderDesk<Time>,
        policy: AgentPolicy, tail: @escaping @Sendable (Tail) async -> TailAnswer, stopping: Latch,
        settings: AgentSettings, surroundings: Surroundings, clock: Time
    ) {
        self.number = number
        self.link = link
        self.outbox = outbox
        self.host = host
        self.desk = desk
        self.policy = policy
        self.tail = tail
        self.stopping = stopping
        self.settings = settings
        self.surroundings = surroundings
        self.clock = clock
        state = Mutex(State(vitals: Vitals(now: clock.now)))
    }

    /// Ends with success when the agent is stopping, else with what ended it.
    func run(saying hello: Hello, whenWelcome: @escaping @Sendable () async -> Void) async -> Result<Void, LinkError> {
        outbox.put(.hello(hello))
        await withDiscardingTaskGroup { group in
            group.addTask { await self.send() }
            group.addTask { await self.watch() }
            group.addTask { await self.leave() }
            do throws(LinkError) {
                try await greet()
                await whenWelcome()
                while let frame = try await heard() { try await take(frame, &group) }
                end(LinkError(.lost, "the controller closed the link"))
            } catch {
                end(error)
            }
            outbox.abandon()
            group.cancelAll()
            await link.close()
        }
        if stopping.isOpen { return .success(()) }
        return .failure(state.withLock(\.end) ?? LinkError(.lost, "the link ended"))
    }

    private func end(_ error: LinkError) { state.withLock { $0.end = $0.end ?? error } }

    private func heard() async throws(LinkError) -> ControllerFrame? {
        let frame = try await link.receive()
        state.withLock { $0.vitals.hear(at: clock.now) }
        return frame
    }

    // MARK: What the controller says

    private func greet() async throws(LinkError) {
        switch try await heard() {
        case .welcome(let welcome)?:
            if let objection = Release.current.objection(to: welcome.release, called: "controller") {
                throw LinkError(.refused, objection)
            }
            let highest = await desk.highest
            guard welcome.epoch >= highest else {
                throw LinkError(
                    .refused,
                    "the controller is of epoch \(welcome.epoch) and this agent has acted for epoch \(highest): "
                        + "another controller has taken over; stop the older one")
            }
            await desk.begin(number, epoch: welcome.epoch, outbox)
            state.withLock {
                $0.vitals.greet(at: clock.now)
                $0.isWelcome = true
            }
        case .refusal(let why)?: throw LinkError(.refused, why)
        case nil: throw LinkError(.lost, "the controller closed the link before it answered")
        case .observe?, .perform?, .withdraw?, .tail?, .beat?:
            throw LinkError(.malformed, "the controller's first frame is neither a welcome nor a refusal")
        }
    }

    private func take(_ frame: ControllerFrame, _ group: inout DiscardingTaskGroup) async throws(LinkError) {
        switch frame {
        case .welcome: throw LinkError(.malformed, "the controller welcomes twice; somebody repeats its frames")
        case .refusal(let why): throw LinkError(.refused, why)
        case .observe(let id, let inquiry, let known):
            guard enterQuestion() else { return outbox.put(.observation(id, .failed(Self.crowd("observe")))) }
            group.addTask {
                await self.outbox.put(.observation(id, self.answer(inquiry, known)))
                self.leaveQuestion()
            }
        case .tail(let id, let question):
            guard enterQuestion() else { return outbox.put(.tail(id, .failed(Self.crowd("tail")))) }
            group.addTask {
                await self.outbox.put(.tail(id, self.tail(question)))
                self.leaveQuestion()
            }
        case .perform(let order): await desk.take(order, from: number)
        case .withdraw(let id): await desk.withdraw(id)
        case .beat(let beat):
            guard state.withLock({ $0.vitals.heed(beat) }) else {
                throw LinkError(.lost, "beat \(beat.number) came again: somebody repeats the controller's frames")
            }
        }
    }

    private func answer(_ inquiry: Inquiry, _ known: ObservationID?) async -> Observation {
        await desk.handedOver()
        let (admitted, refused) = policy.admitted(inquiry)
        do throws(HostError) {
            var node = try await host.observe(admitted)
            node.workshop.readings.merge(refused) { _, refusal in refusal }
            return state.withLock { state in
                inquiry.sandbox == nil ? state.told.answer(node, known: known) : state.told.answer(node)
            }
        } catch {
            return .failed(error)
        }
    }

    private func enterQuestion() -> Bool {
        state.withLock { state in
            guard state.questions < Self.mostQuestions else { return false }
            state.questions += 1
            return true
        }
    }

    private func leaveQuestion() { state.withLock { $0.questions -= 1 } }

    private static func crowd(_ operation: String) -> HostError {
        HostError(operation, .unreachable, "the agent answers \(mostQuestions) questions already; ask again")
    }

    // MARK: What goes on beside

    private func send() async {
        while let frame = await outbox.next() {
            state.withLock { $0.vitals.beginSending(at: clock.now) }
            do throws(LinkError) { try await link.send(frame) } catch {
                end(error)
                return await link.close()
            }
            state.withLock { $0.vitals.endSending() }
        }
        await pause(Self.lastWords)
        await link.close()
    }

    /// Says that we live, and ends the session when the other side does not. Ends with the link closed.
    private func watch() async {
        while !Task.isCancelled {
            if outbox.isOverfull {
                end(LinkError(.lost, "the controller reads too slowly: \(Bounds.queue) frames wait for it"))
                break
            }
            switch state.withLock({ $0.vitals.verdict(at: clock.now) }) {
            case .wait(let due): await pause(clock.now.duration(to: due))
            case .beat(let number):
                outbox.put(.beat(Beat(number: number, now: surroundings.now())))
                await desk.tick()
            case .dead(let why):
                end(LinkError(.lost, "the link to the controller is dead: \(why)"))
                return await link.close()
            }
        }
        await link.close()
    }

    /// When the agent stops, waits for what is under way, and says what became of it.
    private func leave() async {
        await stopping.wait()
        guard !Task.isCancelled else { return }
        await desk.stop()
        let (clock, farewell, emptied) = (clock, settings.farewell, desk.emptied)
        await withTaskGroup { group in
            group.addTask { await emptied.wait() }
            group.addTask {
                do { try await clock.sleep(for: farewell) } catch {
                    // All has ended.
                }
            }
            await group.next()
            group.cancelAll()
        }
        outbox.finish()
    }

    private func pause(_ duration: Duration) async {
        do { try await clock.sleep(for: duration) } catch {
            // The session is over: the caller looks at the task.
        }
    }
}
