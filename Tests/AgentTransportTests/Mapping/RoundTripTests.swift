import AgentProtocol
import Model
import Reconciler
import Testing

@testable import AgentTransport

@Suite("Frames come back as they went")
struct RoundTripTests {
    /// Frames of each seed.
    private static let frames = 150

    @Test("Every frame of an agent, in the same bytes each time", arguments: 0..<20 as Range<UInt64>)
    func agent(seed: UInt64) throws {
        var source = RandomFrames(seed: seed)
        for number in 0..<Self.frames {
            let frame = source.agentFrame(number % RandomFrames.kindsOfAgentFrames)
            let bytes = FrameCoding.encode(frame)
            let back = try FrameCoding.agentFrame(bytes)
            #expect(back == frame)
            #expect(FrameCoding.encode(back) == bytes)
        }
    }

    @Test("Every frame of a controller, in the same bytes each time", arguments: 0..<20 as Range<UInt64>)
    func controller(seed: UInt64) throws {
        var source = RandomFrames(seed: seed)
        for number in 0..<Self.frames {
            let frame = source.controllerFrame(number % RandomFrames.kindsOfControllerFrames)
            let bytes = FrameCoding.encode(frame)
            guard case .frame(let back) = try FrameCoding.controllerFrame(bytes) else {
                Issue.record("an order that this release wrote is one that it reads")
                continue
            }
            #expect(back == frame)
            #expect(FrameCoding.encode(back) == bytes)
        }
    }

    @Test("Every action as an order")
    func actions() throws {
        var source = RandomFrames(seed: 5)
        for number in 0..<600 {
            let action = source.action(number % RandomFrames.kindsOfActions)
            let order = Order(id: source.orderID(), uid: ResourceUID("u"), revision: nil, action: action)
            let back = try FrameCoding.controllerFrame(FrameCoding.encode(.perform(order)))
            #expect(back == .frame(.perform(order)))
        }
    }

    @Test("What is asked over the control socket, and its answers", arguments: 0..<100 as Range<UInt64>)
    func control(seed: UInt64) throws {
        var source = RandomFrames(seed: seed)
        let node: NodeName = source.name()
        let inquiry = source.inquiry()
        let question = try WireObserveRequest(node, inquiry).question()
        #expect(question.node == node)
        #expect(question.inquiry == inquiry)

        let seen: Result<ObservedNode, HostError> =
            source.flag() ? .success(source.observedNode()) : .failure(source.error())
        #expect(try WireObserveReply(seen).result() == seen)

        let tail = source.tail()
        let tailed = try WireTailRequest(node, tail).question()
        #expect(tailed.node == node)
        #expect(tailed.tail == tail)
        let answer = source.tailAnswer()
        #expect(try WireTailAnswer(answer).tailAnswer() == answer)

        let statuses = source.list { $0.status() }.sorted { $0.node < $1.node }
        #expect(try WireNodesReply(statuses).statuses() == statuses)
    }

    @Test("Patience is told in whole milliseconds, and at most an hour of it")
    func patience() throws {
        func told(_ patience: Duration) throws -> Duration {
            let node: NodeName = try NodeName("n")
            return try WireObserveRequest(node, Inquiry(patience: patience)).question().inquiry.patience
        }
        #expect(try told(.microseconds(1999)) == .milliseconds(1))
        #expect(try told(.seconds(-1)) == .zero)
        #expect(try told(.seconds(Int64.max)) == .seconds(3600))
    }

    @Test("A node of 5,000 containers fits in a frame, with room")
    func large() throws {
        var source = RandomFrames(seed: 7)
        var node = source.observedNode()
        node.containers = (0..<5000).map { _ in source.observedContainer() }
        let bytes = FrameCoding.encode(.observation(QuestionID(1), .full(ObservationID(1), node)))
        #expect(bytes.count < Bounds.frame / 2)
        #expect(FieldCount.isBounded(bytes))
        _ = try FrameCoding.agentFrame(bytes)
    }
}
