import AgentProtocol
import Model
import Reconciler
import RemoteHost
import TestSupport
import Testing

@Suite("A controller and the sessions of its agents")
struct SessionTests {
    static let wider = Release(Release.current.major, Release.current.minor + 2)

    static func hello(
        node: NodeName = n1, release: Release = .current, epoch: UInt64 = 0, skew: Int64 = 0,
        interrupted: [Interrupted] = []
    ) -> Hello {
        Hello(
            node: node, release: release, boot: "b", epoch: Epoch(epoch),
            now: Timestamp(milliseconds: Timestamp.day.milliseconds + skew), engine: "Docker 20.10.24",
            interrupted: interrupted)
    }

    @Test(
        "Who may not stay is told why in a sentence",
        arguments: [
            (
                hello(node: Sample.name("n2")),
                "the certificate is that of node n1, the agent says that it is n2"
            ),
            (
                hello(release: wider),
                "the agent is of release \(wider) and this side of \(Release.current); at most one release may lie "
                    + "between them, upgrade this side"
            ),
            (
                hello(epoch: 6),
                "the agent has acted for epoch 6 and this controller is of epoch 5: another controller has taken over; "
                    + "stop one of them, or restore this one's folder of secrets"
            ),
        ])
    func refused(hello: Hello, sentence: String) {
        let isDone = withController { controller, clock in
            controller.hosts.expect([n1])
            let agent = await controller.dial(hello, on: clock)
            #expect(await agent.next() == .refusal(sentence))
            #expect(await agent.next() == nil)
            #expect(controller.hosts.statuses().map(\.connection) == [.away])
            #expect(controller.hosts.statuses().map(\.message) == ["refused: \(sentence)"])
        }
        #expect(isDone)
    }

    @Test("One whose certificate was revoked is refused, and sent away in the middle of a session at its next beat")
    func revoked() {
        let sentence = "the certificate of node n1 was revoked; for a new one: `berth node token n1`"
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            controller.revoke("01")
            await agent.say(.beat(Beat(number: 1, now: .day)))
            #expect(await agent.next() == .refusal(sentence))
            let again = await controller.dial(on: clock)
            #expect(await again.next() == .refusal(sentence))
        }
        #expect(isDone)
    }

    @Test("One that says nothing, or something else first, or hello twice, is sent away")
    func nonsense() {
        let isDone = withController { controller, clock in
            let silent = await controller.dial(nil, on: clock)
            #expect(await silent.next() == nil)
            #expect(clock.elapsed >= Bounds.handshake && clock.elapsed < .seconds(12))
            let eager = await controller.dial(nil, on: clock)
            await eager.say(.hints([.everything]))
            #expect(await eager.next() == .refusal("the agent's first frame is no hello"))
            let twice = await controller.join(on: clock)
            await twice.say(.hello(Self.hello()))
            #expect(await twice.next() == .refusal("the agent said hello twice; somebody repeats its frames"))
        }
        #expect(isDone)
    }

    @Test("A beat that comes again ends the session")
    func replay() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            await agent.say(.beat(Beat(number: 3, now: .day)))
            await agent.say(.beat(Beat(number: 3, now: .day)))
            #expect(await agent.next() == .refusal("beat 3 came again: somebody repeats the agent's frames"))
            #expect(controller.hosts.statuses().map(\.connection) == [.away])
        }
        #expect(isDone)
    }

    @Test("An agent that is silent for 16 s is away, and the controller beats every 5 s until then")
    func silence() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            var beats: [UInt64] = []
            do throws(LinkError) {
                while let frame = try await agent.link.receive() {
                    if case .beat(let beat) = frame { beats.append(beat.number) }
                }
            } catch {
                // It ended.
            }
            #expect(beats == [1, 2, 3])
            #expect(clock.elapsed >= Bounds.silence && clock.elapsed < .seconds(17))
            await clock.wait(.seconds(1))
            #expect(controller.hosts.statuses().map(\.message) == ["it was silent for 16 s"])
        }
        #expect(isDone)
    }

    @Test("An agent that reads nothing is left when a frame waited 15 s for it")
    func slowReader() {
        let isDone = withController { controller, clock in
            controller.hosts.expect([n1])
            let agent = await controller.join(on: clock)
            agent.link.stopReading()
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                for number in 0..<Bounds.orders {
                    group.addTask {
                        _ = await result { () throws(HostError) in
                            try await host.perform(start("c\(number)"), as: ResourceUID("u"), toward: nil)
                        }
                    }
                    group.addTask {
                        _ = await result { () throws(HostError) in try await host.observe(Inquiry()) }
                    }
                }
                for number in 1...12 as ClosedRange<UInt64> {
                    await agent.say(.beat(Beat(number: number, now: .day)))
                    await clock.wait(.seconds(2))
                }
            }
            #expect(controller.hosts.statuses().map(\.message) == ["it took no frame for 15 s"])
        }
        #expect(isDone)
    }

    @Test("The newest session of a node counts; the older is told so and changes nothing any more")
    func newest() {
        let isDone = withController { controller, clock in
            let old = await controller.join(on: clock)
            let new = await controller.join(on: clock)
            #expect(await old.next() == .refusal("another session of node n1 began; the newest one counts"))
            #expect(controller.hosts.statuses().map(\.connection) == [.connected])
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                group.addTask {
                    let receipt = await result { () throws(HostError) in
                        try await host.perform(start("a"), as: ResourceUID("u"), toward: nil)
                    }
                    #expect(receipt == .success(nil))
                }
                guard let order = await new.order() else { return fail("no order") }
                await old.say(.outcome(order.id, .failed(HostError("start a", .refused, "a lie"))))
                await clock.wait(.seconds(1))
                await new.say(.outcome(order.id, .done(nil)))
            }
        }
        #expect(isDone)
    }

    @Test("What an agent says of itself is told, and the output of its builds is kept, in order")
    func status() {
        let isDone = withController { controller, clock in
            controller.hosts.expect([n1, Sample.name("n2")])
            let killed = Interrupted(order: Order.ID(Epoch(4), 1), action: "create c", remains: .found)
            let agent = await controller.join(Self.hello(skew: 3_600_000, interrupted: [killed]), on: clock)
            let statuses = controller.hosts.statuses()
            #expect(statuses.map(\.node.text) == ["n1", "n2"])
            #expect(statuses.map(\.connection) == [.connected, .away])
            #expect(statuses.first?.engine == "Docker 20.10.24")
            #expect(statuses.first?.release == "\(Release.current)")
            #expect(
                statuses.first?.message
                    == "it was killed in the middle of create c (it is there); its clock is 3599 s ahead of this "
                    + "controller's"
                    || statuses.first?.message
                        == "it was killed in the middle of create c (it is there); its clock is 3600 s ahead of this "
                        + "controller's"
            )
            await agent.say(.lines(LogLines(piece: Self.piece, first: 0, lines: ["x", "y"])))
            await agent.say(.lines(LogLines(piece: Self.piece, first: 2, lines: ["z"])))
            await clock.wait(.seconds(1))
            #expect(controller.kept.texts == ["n1 0 x y", "n1 2 z"])
        }
        #expect(isDone)
    }

    static let piece: Workpiece.ID = {
        guard let id = Workpiece.ID("account-1") else { preconditionFailure("account-1 is an id") }
        return id
    }()

    @Test("Somebody says look again when an agent comes, when it was seen first, and when it goes")
    func hints() {
        let isDone = withController { controller, clock in
            let heard = Collected()
            await withDiscardingTaskGroup { group in
                group.addTask { for await hint in controller.hosts.changes() { heard.add(hint) } }
                await clock.wait(.seconds(1))
                let agent = await controller.join(on: clock)
                #expect(heard.hints == [.everything])
                guard let host = controller.hosts[n1] else { return fail("not served") }
                for count in 0..<2 {
                    group.addTask { _ = await result { () throws(HostError) in try await host.observe(Inquiry()) } }
                    guard case .observe(let id, _, _)? = await agent.next() else { return fail("no question") }
                    await agent.say(.observation(id, .full(ObservationID(1), ObservedNode(node: n1))))
                    await clock.wait(.seconds(1))
                    #expect(heard.hints.count == 2, "after \(count + 1) observations")
                }
                await agent.say(.hints([.sandbox(Sample.name("qa"), what: "died")]))
                agent.link.cut()
                await clock.wait(.seconds(1))
                #expect(heard.hints.last == .everything)
                group.cancelAll()
            }
        }
        #expect(isDone)
    }
}
