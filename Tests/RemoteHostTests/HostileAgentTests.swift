import AgentProtocol
import Model
import Reconciler
import RemoteHost
import TestSupport
import Testing

@Suite("An agent that means harm, or hangs")
struct HostileAgentTests {
    static let tenYears: Int64 = 3650 * 86_400_000

    @Test("No time of an agent's clock fells its controller", arguments: [Int64.min, .min + 1, -1, .max])
    func clocks(millis: Int64) {
        let isDone = withController { controller, clock in
            let odd = Timestamp(milliseconds: millis)
            let hello = Hello(node: n1, boot: "b", epoch: Epoch(0), now: odd, engine: "")
            let agent = await controller.join(hello, on: clock)
            let skew = millis > 0 ? Self.tenYears : -Self.tenYears
            let way = millis > 0 ? "ahead of" : "behind"
            for beat in 1...2 as ClosedRange<UInt64> {
                let status = controller.hosts.statuses().first
                #expect(status?.skewMillis == skew)
                #expect(status?.message == "its clock is \(Self.tenYears / 1000) s \(way) this controller's")
                await agent.say(.beat(Beat(number: beat, now: odd)))
                await clock.wait(.seconds(1))
            }
        }
        #expect(isDone)
    }

    @Test("One whose certificate was revoked is sent away though it says no beat, and at once tells nothing any more")
    func revoked() {
        let sentence = "the certificate of node n1 was revoked; for a new one: `berth node token n1`"
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            controller.revoke("01")
            await withDiscardingTaskGroup { group in
                group.addTask {
                    while !Task.isCancelled {
                        await agent.say(.hints([.everything]))
                        await clock.wait(.seconds(2))
                    }
                }
                #expect(await agent.next() == .refusal(sentence))
                #expect(clock.elapsed < .seconds(7))
                #expect(controller.hosts.statuses().map(\.connection) == [.away])
                #expect(controller.hosts.statuses().map(\.message) == [sentence])
                #expect(await agent.next() == nil)
                group.cancelAll()
            }
        }
        #expect(isDone)
    }

    @Test("A node that was forgotten and comes back is given no number of an order again")
    func numbers() {
        let isDone = withController { controller, clock in
            for number in 1...3 as ClosedRange<UInt64> {
                let agent = await controller.join(on: clock)
                guard let host = controller.hosts[n1] else { return fail("not served") }
                await withDiscardingTaskGroup { group in
                    group.addTask {
                        _ = await result { () throws(HostError) in
                            try await host.perform(start("a"), as: ResourceUID("u\(number)"), toward: nil)
                        }
                    }
                    guard let order = await agent.order() else { return fail("no order") }
                    #expect(order.id == Order.ID(Epoch(5), number))
                    await agent.say(.outcome(order.id, .done(nil)))
                }
                agent.link.cut()
                await clock.wait(.seconds(1))
                controller.hosts.expect([])
                #expect(controller.hosts[n1] == nil)
            }
        }
        #expect(isDone)
    }

    // MARK: An engine that hangs

    static let overdue =
        "its agent is connected and has not answered for a while; is the engine there hung?"

    @Test("An engine that hangs is waited for once a minute; other looks fail at once, and a late answer ends that")
    func overdue() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            let heard = Collected()
            await withDiscardingTaskGroup { group in
                group.addTask { for await hint in controller.hosts.changes() { heard.add(hint) } }
                group.addTask { await agent.beat(on: clock) }
                #expect(await Self.look(at: host) == "the agent did not answer within 20 s")
                guard case .observe? = await agent.next() else { return fail("no question") }
                let since = clock.elapsed
                for _ in 0..<5 { #expect(await Self.look(at: host) == Self.overdue) }
                #expect(clock.elapsed == since)
                await clock.wait(.seconds(61))
                #expect(await Self.look(at: host) == "the agent did not answer within 20 s")
                guard case .observe(let id, _, _)? = await agent.next() else { return fail("not asked again") }
                #expect(await Self.look(at: host) == Self.overdue)
                #expect(heard.hints.isEmpty)
                await agent.say(.observation(id, .failed(HostError("observe", .unreachable, "late"))))
                await clock.wait(.seconds(1))
                #expect(heard.hints == [.everything])
                group.addTask {
                    guard case .observe(let id, _, _)? = await agent.next() else { return fail("no question") }
                    await agent.say(.observation(id, .full(ObservationID(1), ObservedNode(node: n1))))
                }
                #expect(await Self.look(at: host) == nil)
                group.cancelAll()
            }
        }
        #expect(isDone)
    }

    @Test("An agent that comes back is asked again at once, and what is away is called away")
    func overdueEnds() {
        let isDone = withController { controller, clock in
            let agent = await controller.join(on: clock)
            guard let host = controller.hosts[n1] else { return fail("not served") }
            await withDiscardingTaskGroup { group in
                group.addTask { await agent.beat(on: clock) }
                #expect(await Self.look(at: host) == "the agent did not answer within 20 s")
                group.cancelAll()
            }
            agent.link.cut()
            await clock.wait(.seconds(1))
            #expect(await Self.look(at: host)?.hasPrefix("its agent is away") == true)
            let next = await controller.join(on: clock)
            await withDiscardingTaskGroup { group in
                group.addTask { #expect(await Self.look(at: host) == nil) }
                guard case .observe(let id, _, _)? = await next.next() else { return fail("no question") }
                await next.say(.observation(id, .full(ObservationID(1), ObservedNode(node: n1))))
            }
        }
        #expect(isDone)
    }

    @Test("Hung nodes hold up the first look at others for one answer's time, however often they are looked at")
    func hungNodesMakeRoom() {
        let isDone = withController { controller, clock in
            let hung = (0..<Bounds.admissions).map { Sample.name("hung\($0)", NodeName.self) }
            await withDiscardingTaskGroup { group in
                for name in hung {
                    let agent = await controller.join(Self.hello(name), as: name, on: clock)
                    group.addTask { await agent.beat(on: clock) }
                }
                for _ in 0..<4 {
                    for name in hung { group.addTask { _ = await Self.look(at: controller.hosts[name]) } }
                    await clock.wait(.milliseconds(100))
                }
                let well = await controller.join(on: clock)
                group.addTask { await well.beat(on: clock) }
                group.addTask {
                    guard case .observe(let id, _, _)? = await well.next() else { return fail("no question") }
                    await well.say(.observation(id, .full(ObservationID(1), ObservedNode(node: n1))))
                }
                let since = clock.elapsed
                #expect(await Self.look(at: controller.hosts[n1]) == nil)
                #expect(clock.elapsed - since < .seconds(25))
                group.cancelAll()
            }
        }
        #expect(isDone)
    }

    // MARK: Floods

    @Test("However much an agent hints, it is heard once a second, and the last hint is not lost")
    func everything() {
        let isDone = withController { controller, clock in
            let heard = Collected()
            await withDiscardingTaskGroup { group in
                group.addTask { for await hint in controller.hosts.changes() { heard.add(hint) } }
                let agent = await controller.join(on: clock)
                await clock.wait(.seconds(3))
                let before = heard.hints.count
                for _ in 0..<40 {
                    await agent.say(.hints(Array(repeating: .everything, count: 25)))
                    await clock.wait(.milliseconds(50))
                }
                await clock.wait(.seconds(2))
                #expect((2...4).contains(heard.hints.count - before), "\(heard.hints.count - before)")
                let quiet = heard.hints.count
                await agent.say(.hints([.everything]))
                await clock.wait(.milliseconds(10))
                await agent.say(.hints([.everything]))
                await clock.wait(.milliseconds(500))
                #expect(heard.hints.count == quiet + 1)
                await clock.wait(.milliseconds(700))
                #expect(heard.hints.count == quiet + 2)
                await agent.say(.hints([.everything]))
                agent.link.cut()
                await clock.wait(.seconds(3))
                #expect(heard.hints.last == .everything && heard.hints.count > quiet + 2)
                group.cancelAll()
            }
        }
        #expect(isDone)
    }

    @Test("Beyond 50 hints of sandboxes in a second one for everything takes their place")
    func sandboxes() {
        let isDone = withController { controller, clock in
            let heard = Collected()
            await withDiscardingTaskGroup { group in
                group.addTask { for await hint in controller.hosts.changes() { heard.add(hint) } }
                let agent = await controller.join(on: clock)
                await clock.wait(.seconds(3))
                let before = heard.hints.count
                let hints = (0..<300).map { Hint.sandbox(Sample.name("qa\($0)"), what: "died") }
                await agent.say(.hints(hints))
                await clock.wait(.milliseconds(500))
                let heardNow = Array(heard.hints.dropFirst(before))
                #expect(heardNow == hints.prefix(50) + [.everything])
                await clock.wait(.seconds(2))
                #expect(heard.hints.count - before <= 52)
                await agent.say(.hints([hints[0]]))
                await clock.wait(.milliseconds(100))
                #expect(heard.hints.last == hints[0])
                group.cancelAll()
            }
        }
        #expect(isDone)
    }

    @Test("Of many interrupted actions three are told and the rest counted, none longer than 200 characters")
    func interrupted() {
        let isDone = withController { controller, clock in
            let killed = (1...500 as ClosedRange<UInt64>).map { number in
                Interrupted(
                    order: Order.ID(Epoch(1), number), action: "\u{1b}[2J\n" + String(repeating: "x", count: 10_000),
                    remains: .found)
            }
            var hello = Self.hello(n1)
            hello.interrupted = killed
            hello.engine = "Docker\u{1b}[2J"
            _ = await controller.join(hello, on: clock)
            let told = "?[2J?" + String(repeating: "x", count: 195) + "... (it is there)"
            let status = controller.hosts.statuses().first
            #expect(
                status?.message
                    == "it was killed in the middle of \([told, told, told].joined(separator: ", ")) and 497 more")
            #expect(status?.engine == "Docker?[2J")
            let lines = controller.log.lines
            #expect(lines.count { $0 == "warning Agent was killed in the middle of an action" } == 3)
            #expect(lines.count { $0 == "warning Agent was killed in the middle of more actions" } == 1)
        }
        #expect(isDone)
    }

    private static func hello(_ node: NodeName) -> Hello {
        Hello(node: node, boot: "b", epoch: Epoch(0), now: .day, engine: "")
    }

    /// What a look at a node fails with.
    private static func look(at host: (any Host)?) async -> String? {
        await result { () throws(HostError) in try await host?.observe(Inquiry()) }.error?.message
    }
}

extension TestAgent {
    /// Says beats until it is cancelled.
    fileprivate func beat(on clock: VirtualClock) async {
        var number: UInt64 = 0
        while !Task.isCancelled {
            number += 1
            await say(.beat(Beat(number: number, now: .day)))
            await clock.wait(Bounds.beat)
        }
    }
}
