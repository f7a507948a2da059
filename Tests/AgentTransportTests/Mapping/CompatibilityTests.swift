import AgentProtocol
import Foundation
import Model
import Reconciler
import SwiftProtobuf
import TestSupport
import Testing

@testable import AgentTransport

@Suite("Frames between releases")
struct CompatibilityTests {
    @Test("Fields that a later release adds are ignored, wherever they stand")
    func unknownFields() throws {
        // Number 1000, a number and a text.
        let later: [UInt8] = [0xc0, 0x3e, 0x07, 0xc2, 0x3e, 0x02, 0x68, 0x69]
        var source = RandomFrames(seed: 3)
        for number in 0..<200 {
            let frame = source.agentFrame(number % RandomFrames.kindsOfAgentFrames)
            #expect(try FrameCoding.agentFrame(FrameCoding.encode(frame) + later) == frame)
        }
        let hello = Samples.hello
        var wire = WireAgentFrame(.hello(hello))
        try wire.hello.release.merge(serializedBytes: later)
        try wire.hello.interrupted[0].order.merge(serializedBytes: later)
        #expect(FrameCoding.bytes(wire).count == FrameCoding.encode(.hello(hello)).count + 2 * later.count)
        #expect(try FrameCoding.agentFrame(FrameCoding.bytes(wire)) == .hello(hello))
    }

    @Test("What release 0.1 wrote is read as it was meant", arguments: Samples.agent.map(\.name))
    func agent(name: String) throws {
        let sample = try #require(Samples.agent.first { $0.name == name })
        #expect(try FrameCoding.agentFrame(try Samples.recorded(name)) == sample.frame)
    }

    @Test("What release 0.1 ordered is read as it was meant", arguments: Samples.controller.map(\.name))
    func controller(name: String) throws {
        let sample = try #require(Samples.controller.first { $0.name == name })
        #expect(try FrameCoding.controllerFrame(try Samples.recorded(name)) == .frame(sample.frame))
    }

    @Test("Frames as text", arguments: Samples.agent.map(\.name) + Samples.controller.map(\.name))
    func text(name: String) throws {
        if let sample = Samples.agent.first(where: { $0.name == name }) {
            let text = try Protoc.text(of: FrameCoding.encode(sample.frame), "AgentFrame")
            try expectGolden(String(decoding: text, as: UTF8.self), name)
        }
        if let sample = Samples.controller.first(where: { $0.name == name }) {
            let text = try Protoc.text(of: FrameCoding.encode(sample.frame), "ControllerFrame")
            try expectGolden(String(decoding: text, as: UTF8.self), name)
        }
    }
}
