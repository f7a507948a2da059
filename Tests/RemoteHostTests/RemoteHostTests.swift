import AgentProtocol
import Model
import Reconciler
import RemoteHost
import TestSupport
import Testing

@Suite("The host of a node that is somewhere else")
struct RemoteHostTests {
    @Test("While its agent is away it says so at once, in the same words each time, and what to do")
    func away() {
        let isDone = withController { controller, clock in
            controller.hosts.expect([n1])
            guard let host = controller.hosts[n1] else { return fail("not served") }
            let never = await result { () throws(HostError) in try await host.observe(Inquiry()) }
            #expect(
                never.error?.message
                    == "its agent has not connected yet; start `berth agent` on that machine, with a token of "
                    + "`berth node token n1` where it has no certificate")
            let agent = await controller.join(on: clock)
            agent.link.cut()
            await clock.wait(.seconds(90))
            let since = clock.elapsed
            let gone = await result { () throws(HostError) in
                try await host.perform(start("a"), as: ResourceUID("u"), toward: nil)
            }
            #expect(clock.elapsed == since)
            #expect(gone.error?.failure == .unreachable)
            #expect(
                gone.error?.message
                    == "its agent is away: simulated: the link broke; see that `berth agent` runs there and reaches this "
                    + "controller")
        }
        #expect(isDone)
    }

    @Test("The first question is asked in full; later ones name what is known, and no change means the same again")
    func unchanged() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            var seen = ObservedNode(node: n1)
            seen.busyPorts = [80]
            for round in 0..<3 {
                await withDiscardingTaskGroup { group in
                    group.addTask { [seen] in
                        let patience = Duration.seconds(round)
                        let look = await result { () throws(HostError) in
                            try await host.observe(Inquiry(patience: patience))
                        }
                        #expect(look == .success(seen))
                    }
                    guard case .observe(let id, _, let known)? = await agent.next() else { return fail("no question") }
                    #expect(known == (round == 0 ? nil : ObservationID(7)))
                    await agent.say(
                        .observation(
                            id, round == 0 ? .full(ObservationID(7), seen) : .unchanged(ObservationID(7))))
                }
            }
            let next = await controller.join(on: clock)
            await withDiscardingTaskGroup { group in
                group.addTask { _ = await result { () throws(HostError) in try await host.observe(Inquiry()) } }
                guard case .observe(let id, _, let known)? = await next.next() else { return fail("no question") }
                #expect(known == nil, "another session knows nothing")
                await next.say(.observation(id, .unchanged(ObservationID(7))))
            }
        }
        #expect(isDone)
    }

    @Test("An agent that does not answer is not waited for longer than the question allows and 20 s")
    func unanswered() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                group.addTask {
                    let look = await result { () throws(HostError) in
                        try await host.observe(Inquiry(patience: .seconds(10)))
                    }
                    #expect(look.error?.message == "the agent did not answer within 30 s")
                    #expect(clock.elapsed >= .seconds(30) && clock.elapsed < .seconds(32))
                    agent.link.cut()
                }
                for number in 1...7 as ClosedRange<UInt64> {
                    await agent.say(.beat(Beat(number: number, now: .day)))
                    await clock.wait(.seconds(5))
                }
            }
        }
        #expect(isDone)
    }

    @Test("An order that was not answered is asked for again with the same id, when the agent is back in time")
    func reunion() {
        let isDone = withController { controller, clock in
            let first = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                group.addTask {
                    let receipt = await result { () throws(HostError) in
                        try await host.perform(start("a"), as: ResourceUID("u"), toward: Sample.commit("a"))
                    }
                    #expect(receipt == .success(.drain(Receipt.Drain(finished: 1, dropped: 0))))
                }
                let order = await first.order()
                #expect(order?.id == Order.ID(Epoch(5), 1))
                #expect(order?.revision == Sample.commit("a"))
                first.link.cut()
                await clock.wait(.seconds(15))
                let second = await controller.join(on: clock)
                guard let again = await second.order() else { return fail("not asked again") }
                #expect(again == order)
                await second.say(.outcome(again.id, .done(.drain(Receipt.Drain(finished: 1, dropped: 0)))))
            }
        }
        #expect(isDone)
    }

    @Test("When it is not back in time the order may or may not have happened, and is withdrawn when it comes")
    func noReunion() {
        let isDone = withController { controller, clock in
            let first = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                group.addTask {
                    let receipt = await result { () throws(HostError) in
                        try await host.perform(start("a"), as: ResourceUID("u"), toward: nil)
                    }
                    #expect(receipt.error?.failure == .unreachable)
                    #expect(
                        receipt.error?.message
                            == "its agent was lost, and it was begun: look again what became of it")
                }
                guard let order = await first.order() else { return fail("no order") }
                await first.say(.accepted(order.id))
                await clock.wait(.seconds(1))
                first.link.cut()
                await clock.wait(.seconds(21))
                let second = await controller.dial(on: clock)
                guard case .welcome? = await second.next() else { return fail("no welcome") }
                #expect(await second.next() == .withdraw(order.id))
            }
        }
        #expect(isDone)
    }

    @Test("Who gives an order up says so to the agent and waits for its outcome, but not without end")
    func withdrawn() {
        for answers in [true, false] {
            let isDone = withController { controller, clock in
                let agent = await controller.join(on: clock)
                guard let host = controller.hosts[n1] else { return fail("not served") }
                await withDiscardingTaskGroup { group in
                    group.addTask {
                        for number in 1...12 as ClosedRange<UInt64> {
                            await agent.say(.beat(Beat(number: number, now: .day)))
                            await clock.wait(.seconds(5))
                        }
                    }
                    await withDiscardingTaskGroup { group in
                        group.addTask {
                            let receipt = await result { () throws(HostError) in
                                try await host.perform(start("a"), as: ResourceUID("u"), toward: nil)
                            }
                            #expect(
                                receipt.error?.message
                                    == (answers
                                        ? "given up"
                                        : "it was given up, and nobody knows whether it was begun: look again what "
                                            + "became of it"))
                        }
                        guard let order = await agent.order() else { return fail("no order") }
                        group.cancelAll()
                        #expect(await agent.next() == .withdraw(order.id))
                        if answers {
                            await agent.say(
                                .outcome(order.id, .failed(HostError("start a", .unreachable, "given up"))))
                        }
                    }
                    #expect(clock.elapsed < (answers ? .seconds(1) : .seconds(37)))
                }
            }
            #expect(isDone)
        }
    }

    @Test("At most 64 orders of a node are under way; the others wait for their turn")
    func bounded() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask {
                        _ = await result { () throws(HostError) in
                            try await host.perform(start("c\(number)"), as: ResourceUID("\(number)"), toward: nil)
                        }
                    }
                }
                await clock.wait(.seconds(1))
                var open: [Order] = []
                for _ in 0..<Bounds.orders { open += [await agent.order()].compactMap(\.self) }
                for count in 0..<100 {
                    guard !open.isEmpty else { return fail("after \(count) orders there are none") }
                    await agent.say(.outcome(open.removeFirst().id, .done(nil)))
                    #expect(open.count < Bounds.orders)
                    if count < 100 - Bounds.orders { open += [await agent.order()].compactMap(\.self) }
                }
            }
        }
        #expect(isDone)
    }

    @Test("An agent that tells of another node is not believed")
    func liar() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                group.addTask {
                    let look = await result { () throws(HostError) in try await host.observe(Inquiry()) }
                    #expect(look.error?.message == "the agent told of node n2 instead")
                }
                guard case .observe(let id, _, _)? = await agent.next() else { return fail("no question") }
                await agent.say(.observation(id, .full(ObservationID(1), ObservedNode(node: Sample.name("n2")))))
            }
        }
        #expect(isDone)
    }

    @Test("What containers wrote last is asked of the agent")
    func tail() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            await withDiscardingTaskGroup { group in
                group.addTask {
                    let lines = await result { () throws(HostError) in
                        try await controller.hosts.tail(n1, Tail(container: ContainerID("c"), lines: 5))
                    }
                    #expect(lines == .success([TimedLine(at: .day, text: "bye")]))
                }
                guard case .tail(let id, _)? = await agent.next() else { return fail("no question") }
                await agent.say(.tail(id, .lines([TimedLine(at: .day, text: "bye")])))
            }
            let unknown = await result { () throws(HostError) in
                try await controller.hosts.tail(Sample.name("n9"), Tail(container: ContainerID("c"), lines: 5))
            }
            #expect(unknown.error?.message == "no node n9 is served here")
        }
        #expect(isDone)
    }

    @Test("A controller that is a node itself serves both, and asks no agent about itself")
    func combined() {
        let isDone = withController { controller, _ in
            controller.hosts.expect([n1, Sample.name("n2")])
            let local = OrderedNode(n1, seed: 1, clock: VirtualClock())
            let hosts = Combined(local: FixedHosts([n1: local.host()]), agents: controller.hosts)
            #expect(hosts.served.map(\.text) == ["n1", "n2"])
            let look = await result { () throws(HostError) in try await hosts[n1]?.observe(Inquiry()) }
            #expect(look == .success(ObservedNode(node: n1)))
            #expect(hosts[Sample.name("n3")] == nil)
        }
        #expect(isDone)
    }
}
