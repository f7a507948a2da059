import AgentProtocol
import AgentService
import Model
import Reconciler
import TestSupport
import Testing

@Suite("An agent and its orders")
struct OrderTests {
    @Test("An order is entered, accepted, done and told, and asked again it is told and not done again")
    func once() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            #expect(scene.file.entries.map(\.id) == [call.id(1)])
            let outcome = await call.next()
            #expect(outcome?.outcome == scene.node.outcomes(of: ResourceUID("1-1")).first)
            await call.perform(1, "a")
            #expect(await call.next() == outcome)
            #expect(scene.node.begun.count == 1)
        }
        #expect(isDone)
    }

    @Test("Another order under an id that was given before is refused: two controllers act in one epoch")
    func takenID() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            #expect(await call.next()?.outcome != nil)
            await call.say(
                .perform(
                    Order(
                        id: call.id(1), uid: ResourceUID("of-another"), revision: nil,
                        action: .start(.planned(name: "b")))))
            #expect(await call.next()?.error?.message.contains("two controllers act in one epoch") == true)
            #expect(scene.node.names == ["a"])
        }
        #expect(isDone)
    }

    @Test("One that comes again while it is under way is joined")
    func joined() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            #expect(await call.next()?.outcome != nil)
            #expect(scene.node.begun.count == 1)
        }
        #expect(isDone)
    }

    @Test("What is under way when the link breaks ends, is remembered, and is told to the next session")
    func outlivesLink() {
        let isDone = Scene.play { scene in
            let first = await scene.session()
            await first.perform(1, "a")
            #expect(await first.next() == .accepted(first.id(1)))
            first.link.cut()
            await scene.wait(.seconds(10))
            #expect(scene.node.names == ["a"])
            let second = await scene.session()
            await second.perform(1, "a")
            #expect(await second.next()?.outcome == scene.node.outcomes(of: ResourceUID("1-1")).first)
            #expect(scene.node.begun.count == 1)
        }
        #expect(isDone)
    }

    @Test("What waits for its turn when the link breaks never begins")
    func queueDiesWithLink() {
        let isDone = Scene.play(policy: AgentPolicy(mostOrders: 1)) { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            await call.perform(2, "b")
            #expect(await call.next() == .accepted(call.id(1)))
            call.link.cut()
            await scene.wait(.seconds(60))
            #expect(scene.node.begun == [ResourceUID("1-1")])
        }
        #expect(isDone)
    }

    @Test("An order of an older epoch is refused, with both epochs; a controller of an older epoch too")
    func fence() {
        let isDone = Scene.play { scene in
            let call = await scene.session(epoch: 5)
            await call.perform(1, "a", epoch: 4)
            let error = await call.next()?.error
            #expect(error?.failure == .refused)
            #expect(error?.message == "this agent has acted for epoch 5 and does nothing for the older epoch 4")
            await call.perform(1, "a", epoch: 6)
            #expect(await call.next()?.error?.message == "the order is of epoch 6, its session of 5")
            call.link.cut()

            let older = await scene.call()
            guard case .hello(let hello)? = await older.next() else { return fail("no hello") }
            #expect(hello.epoch == Epoch(5))
            await older.say(.welcome(Welcome(epoch: Epoch(4), installation: InstallationID("i"), now: .day)))
            await older.perform(1, "a", epoch: 4)
            #expect(await older.next() == nil)
            await scene.wait(.seconds(1))
            #expect(scene.node.begun == [])
            #expect(
                scene.messages.lines.last
                    == "error Controller and agent do not work together: the controller is of epoch 4 and this agent "
                    + "has acted for epoch 5: another controller has taken over; stop the older one")
        }
        #expect(isDone)
    }

    @Test("A new epoch withdraws what the one before began, and its own orders wait for the end of that")
    func handover() {
        let isDone = Scene.play(slowest: .seconds(600)) { scene in
            let first = await scene.session(epoch: 1)
            await first.perform(1, "a")
            #expect(await first.next() == .accepted(first.id(1)))
            first.link.cut()
            let second = await scene.session(epoch: 2)
            await second.perform(1, "b", epoch: 2)
            #expect(await second.next() == .accepted(second.id(1, epoch: 2)))
            guard case .failed(let error)? = scene.file.entries.first?.outcome else {
                return fail("the older order is not ended")
            }
            #expect(error.message == "simulated: given up")
        }
        #expect(isDone)
    }

    @Test("What an older epoch began and does not end holds the orders of a new one for 20 s, and no longer")
    func stubborn() {
        for isReleased in [true, false] {
            let isDone = Scene.play { scene in
                let first = await scene.session(epoch: 1)
                scene.node.hold()
                await first.perform(1, "a")
                #expect(await first.next() == .accepted(first.id(1)))
                first.link.cut()
                let second = await scene.session(epoch: 2)
                await second.perform(1, "b", epoch: 2)
                for number in 1...3 as ClosedRange<UInt64> {
                    await scene.wait(.seconds(5))
                    await second.say(.beat(Beat(number: number, now: .day)))
                    #expect(scene.node.begun == [ResourceUID("1-1")])
                }
                if isReleased { scene.node.release() }
                #expect(await second.next() == .accepted(second.id(1, epoch: 2)))
                #expect(scene.clock.elapsed < (isReleased ? .seconds(17) : .seconds(30)))
                scene.node.release()
            }
            #expect(isDone)
        }
    }

    @Test("An order whose epoch ends while it is entered is not begun")
    func fenceWhileEntering() {
        let isDone = Scene.play(disk: .seconds(2)) { scene in
            let first = await scene.session(epoch: 1)
            await scene.wait(.seconds(4))
            await first.perform(1, "a")
            await scene.wait(.milliseconds(2500))
            first.link.cut()
            let second = await scene.session(epoch: 2)
            await second.perform(1, "b", epoch: 2)
            #expect(await second.next() == .accepted(second.id(1, epoch: 2)))
            #expect(scene.node.begun == [ResourceUID("2-1")])
            guard case .failed(let error)? = scene.file.entries.first?.outcome else { return fail("it is not ended") }
            #expect(error.message == "epoch 2 came before it began; nothing was done")
        }
        #expect(isDone)
    }

    @Test("A withdrawn order is given up, and its outcome told all the same")
    func withdrawn() {
        let isDone = Scene.play(policy: AgentPolicy(mostOrders: 1), slowest: .seconds(600)) { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            await call.perform(2, "b")
            await call.say(.withdraw(call.id(2)))
            #expect(await call.next()?.error?.message == "given up before it was begun")
            await call.say(.withdraw(call.id(1)))
            #expect(await call.next()?.error?.message == "simulated: given up")
            #expect(scene.clock.elapsed < .seconds(60))
            #expect(scene.node.begun.count == 1)
        }
        #expect(isDone)
    }

    @Test("An agent whose journal cannot be written does nothing, and says what to do")
    func fullDisk() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            scene.file.fill(true)
            await call.perform(1, "a")
            let error = await call.next()?.error
            #expect(
                error?.message == "nothing was done, for the agent cannot write its own journal (begin: simulated: the "
                    + "disk is full); free space in its data directory")
            scene.file.fill(false)
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
        }
        #expect(isDone)
    }

    @Test("More orders than there may be are turned away, and nothing of them is done")
    func bounded() {
        let isDone = Scene.play(slowest: .seconds(30)) { scene in
            let call = await scene.session()
            for number in 1...(UInt64(Bounds.orders) + 1) { await call.perform(number, "c\(number)") }
            var accepted = 0
            while let frame = await call.next() {
                if case .accepted = frame { accepted += 1 }
                if let error = frame.error {
                    #expect(error.message == "64 orders are under way on this node; nothing was done")
                    break
                }
            }
            while scene.node.begun.count < Bounds.orders { await scene.wait(.seconds(1)) }
            #expect(scene.node.begun.count == Bounds.orders)
        }
        #expect(isDone)
    }

    @Test("After a kill it tells of what it was in the middle of, and does it when it is asked again")
    func killed() {
        let file = OrderLogFile()
        let first = Scene.play(file: file) { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            scene.life.end()
        }
        #expect(first)
        #expect(file.entries.map(\.outcome) == [nil])
        let second = Scene.play(seed: 2, file: file) { scene in
            let call = await scene.call()
            guard case .hello(let hello)? = await call.next() else { return fail("no hello") }
            let interrupted = Interrupted(order: call.id(1), action: "start a", remains: .unknown)
            #expect(hello.interrupted == [interrupted])
            await call.say(.welcome(Welcome(epoch: Epoch(1), installation: InstallationID("i"), now: .day)))
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            #expect(await call.next()?.outcome != nil)
            #expect(scene.node.names == ["a"])
        }
        #expect(second)
    }

    @Test("What it was killed in the middle of and nobody asks for again is entered as failed after a minute")
    func forgotten() {
        let file = OrderLogFile()
        _ = Scene.play(file: file) { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            _ = await call.next()
            scene.life.end()
        }
        let isDone = Scene.play(file: file) { scene in
            let call = await scene.session()
            for number in 1...15 as ClosedRange<UInt64> {
                await scene.wait(.seconds(5))
                await call.say(.beat(Beat(number: number, now: .day)))
                if number == 5 { #expect(file.entries.map(\.outcome) == [nil]) }
            }
            guard case .failed(let error)? = file.entries.first?.outcome else { return fail("still open") }
            #expect(error.failure == .unreachable)
            #expect(error.message == "the agent was killed in the middle of it; look again what became of it")
        }
        #expect(isDone)
    }
}
