import AgentProtocol
import AgentService
import Model
import Reconciler
import TestSupport
import Testing

@Suite("An agent and its session")
struct SessionTests {
    @Test("It says who it is first, and nothing else before it is welcome")
    func hello() {
        let isDone = Scene.play { scene in
            let call = await scene.call()
            scene.node.hint(.everything)
            guard case .hello(let hello)? = await call.next() else { return fail("no hello") }
            #expect(hello.node == n1)
            #expect(hello.release == .current)
            #expect(hello.engine == "Docker 20.10.24")
            #expect(hello.epoch == Epoch(0))
            #expect(await call.next() == nil)
            #expect(scene.clock.elapsed >= Bounds.handshake)
            await scene.wait(.milliseconds(100))
            #expect(
                scene.messages.lines == [
                    "warning Controller is away: the link to the controller is dead: it said nothing for 10 s"
                ])
        }
        #expect(isDone)
    }

    @Test(
        "What the controller must not say ends the session",
        arguments: [
            ControllerFrame.welcome(Welcome(epoch: Epoch(1), installation: InstallationID("i"), now: .day)),
            .refusal("the certificate of node n1 was revoked"), .beat(Beat(number: 0, now: .day)),
        ])
    func nonsense(frame: ControllerFrame) {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            await call.say(frame)
            #expect(await call.next() == nil)
            #expect(scene.clock.elapsed < .seconds(1))
        }
        #expect(isDone)
    }

    @Test("A beat that comes again ends the session at once: somebody repeats frames")
    func replay() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            await call.say(.beat(Beat(number: 7, now: .day)))
            await call.say(.beat(Beat(number: 7, now: .day)))
            #expect(await call.next() == nil)
            #expect(scene.clock.elapsed < .seconds(1))
        }
        #expect(isDone)
    }

    @Test("A controller that is silent for 16 s is left, and dialled again")
    func silence() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            #expect(await call.next() == nil)
            #expect(scene.clock.elapsed >= Bounds.silence && scene.clock.elapsed < .seconds(17))
            _ = await scene.session()
            #expect(scene.clock.elapsed < .seconds(19))
        }
        #expect(isDone)
    }

    @Test("A controller that reads nothing is left when a frame waited 15 s for it, however much it says")
    func slowReader() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            call.link.stopReading()
            for number in 1...40 as ClosedRange<UInt64> {
                await call.say(.observe(QuestionID(number), Inquiry(), known: nil))
                await call.say(.observe(QuestionID(100 + number), Inquiry(), known: nil))
            }
            for number in 1...12 as ClosedRange<UInt64> {
                await scene.wait(.seconds(2))
                await call.say(.beat(Beat(number: number, now: .day)))
            }
            _ = await scene.session()
            #expect(scene.clock.elapsed < .seconds(40))
            #expect(
                scene.messages.lines.contains {
                    $0.hasSuffix("the link to the controller is dead: it took no frame for 15 s")
                })
        }
        #expect(isDone)
    }

    @Test("Who refuses it is told of once, at error level, and asked again every 30 s for as long as it takes")
    func refused() {
        let isDone = Scene.play { scene in
            for count in 0..<4 {
                let call = await scene.call()
                #expect(scene.clock.elapsed >= .seconds(30) * count)
                #expect(scene.clock.elapsed < .seconds(30) * count + .seconds(1))
                _ = await call.next()
                await call.say(.refusal("the agent is of release 0.1 and this side of 0.3"))
                _ = await call.next()
            }
            _ = await scene.session()
            await scene.wait(.seconds(1))
            #expect(
                scene.messages.lines == [
                    "error Controller and agent do not work together: the agent is of release 0.1 and this side of 0.3",
                    "notice Connected to the controller",
                ])
        }
        #expect(isDone)
    }

    @Test("A controller whose release is too far away is refused, with the sentence that says who is to be upgraded")
    func skew() {
        let isDone = Scene.play { scene in
            let call = await scene.call()
            _ = await call.next()
            let release = Release(Release.current.major, Release.current.minor + 2)
            await call.say(
                .welcome(Welcome(release: release, epoch: Epoch(1), installation: InstallationID("i"), now: .day)))
            #expect(await call.next() == nil)
            await scene.wait(.seconds(1))
            #expect(
                scene.messages.lines == [
                    "error Controller and agent do not work together: the controller is of release \(release) and this "
                        + "side of \(Release.current); at most one release may lie between them, upgrade this side"
                ])
        }
        #expect(isDone)
    }

    @Test("Waits between tries grow to 30 s and are drawn anew each time")
    func backoff() {
        let lost = LinkError(.lost, "nobody listens")
        let isDone = Scene.play(refusals: Array(repeating: lost, count: 20)) { scene in
            _ = await scene.session()
            #expect(scene.clock.elapsed > .seconds(60))
            #expect(scene.clock.elapsed < .seconds(20 * 30))
            #expect(scene.messages.lines.count { $0.hasPrefix("warning") } == 1)
        }
        #expect(isDone)
    }

    @Test("What has not changed is not told again; another order of the lists is no change")
    func unchanged() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            for (number, name) in ["a", "b", "c"].enumerated() {
                await call.perform(UInt64(number), name)
                while await call.next()?.outcome == nil {}
            }
            await call.say(.observe(QuestionID(1), Inquiry(), known: nil))
            guard case .full(let id, let node)? = await call.next()?.observation else {
                return fail("not in full")
            }
            #expect(node.containers.map(\.name) == ["a", "b", "c"])
            for number in 2...6 as ClosedRange<UInt64> {
                await call.say(.observe(QuestionID(number), Inquiry(), known: id))
                #expect(await call.next() == .observation(QuestionID(number), .unchanged(id)))
            }
            await call.perform(9, "d")
            while await call.next()?.outcome == nil {}
            await call.say(.observe(QuestionID(7), Inquiry(), known: id))
            guard case .full(let newer, _)? = await call.next()?.observation else { return fail("not in full") }
            #expect(newer != id)
            await call.say(.observe(QuestionID(8), Inquiry(sandbox: Sample.name("qa")), known: newer))
            guard case .full? = await call.next()?.observation else { return fail("a part was not told") }
        }
        #expect(isDone)
    }

    @Test("Hints that wait are told as one frame, and lines of builds come in order, with their gaps to be seen")
    func hintsAndLines() {
        let isDone = Scene.play { scene in
            let call = await scene.session()
            guard let piece = Workpiece.ID("account-1") else { return fail("no id") }
            for first in 0..<3 as Range<UInt64> {
                scene.lines.yield(LogLines(piece: piece, first: first, lines: ["line \(first)"]))
            }
            for _ in 0..<50 { scene.node.hint(.everything) }
            var lines: [UInt64] = []
            var hints = 0
            while lines.count < 3 || hints == 0 {
                switch await call.next() {
                case .lines(let told)?: lines.append(told.first)
                case .hints(let told)?: hints += told.count
                case .hello, .observation, .accepted, .outcome, .tail, .beat, nil: return fail("unexpected")
                }
            }
            #expect(lines == [0, 1, 2])
            #expect(hints >= 1 && hints < 50)
            await call.say(.tail(QuestionID(1), Tail(container: ContainerID("c1"), lines: 10)))
            while let frame = await call.next() {
                guard case .tail(QuestionID(1), .lines(let lines)) = frame else { continue }
                #expect(lines.map(\.text) == ["last of c1"])
                break
            }
        }
        #expect(isDone)
    }
}
