import AgentProtocol
import AgentService
import Model
import Reconciler
import ServiceLifecycle
import TestSupport
import Testing

@Suite("An agent that is told to stop")
struct ShutdownTests {
    @Test("What is under way ends and is told, nothing new begins, and it ends")
    func graceful() {
        let isDone = Scene.play(stops: true) { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            #expect(await call.next() == .accepted(call.id(1)))
            await scene.stop()
            await scene.wait(.milliseconds(1))
            await call.perform(2, "b")
            var told: [Order.ID: Outcome] = [:]
            while let frame = await call.next() {
                if case .outcome(let id, let outcome) = frame { told[id] = outcome }
            }
            #expect(told[call.id(1)] == scene.node.outcomes(of: ResourceUID("1-1")).first)
            guard case .failed(let error)? = told[call.id(2)] else { return fail("the second is not told") }
            #expect(error.message == "the agent is stopping; nothing was done")
            #expect(scene.node.begun.count == 1)
            await scene.ended()
        }
        #expect(isDone)
    }

    @Test("What takes long is not waited for longer than the farewell, and is given up")
    func long() {
        let isDone = Scene.play(slowest: .seconds(3000), stops: true) { scene in
            let call = await scene.session()
            let piece = AgentPolicyTests.piece()
            await call.say(.perform(call.order(1, .fetch(piece))))
            #expect(await call.next() == .accepted(call.id(1)))
            await scene.stop()
            #expect(await call.next()?.error?.message == "simulated: given up")
            await scene.ended()
            #expect(scene.clock.elapsed < .seconds(15))
        }
        #expect(isDone)
    }

    @Test("It stops while nobody answers it, too")
    func away() {
        let lost = LinkError(.lost, "nobody listens")
        let isDone = Scene.play(refusals: Array(repeating: lost, count: 1000), stops: true) { scene in
            await scene.wait(.seconds(100))
            await scene.stop()
            await scene.ended()
            #expect(scene.clock.elapsed < .seconds(102))
        }
        #expect(isDone)
    }
}
