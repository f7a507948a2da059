import AgentProtocol
import Foundation
import GRPCCore
import Model
import Reconciler
import SwiftProtobuf
import Testing

@testable import AgentTransport

@Suite("The generated code is what schemas/agent/v1 says")
struct SchemaTests {
    /// One message with the name that the schema has for its type.
    struct Sample {
        let type: String
        let message: any Message
    }

    private static let chosen = Result {
        var coverage = Coverage(try Protoc.descriptors())
        let samples = choose(&coverage)
        return (samples: samples, coverage: coverage)
    }

    /// Messages in which everything occurs, as few as a greedy choice among random ones leaves.
    private static func choose(_ coverage: inout Coverage) -> [Sample] {
        var source = RandomFrames(seed: 11)
        var kept: [Sample] = []
        func offer(_ sample: Sample) {
            let before = coverage.found.count
            coverage.add(FrameCoding.bytes(sample.message), sample.type)
            if coverage.found.count > before { kept.append(sample) }
        }
        for number in 0..<1500 {
            offer(
                Sample(
                    type: "AgentFrame",
                    message: source.agentFrame(number % RandomFrames.kindsOfAgentFrames).wire))
            offer(
                Sample(
                    type: "ControllerFrame",
                    message: source.controllerFrame(number % RandomFrames.kindsOfControllerFrames).wire))
        }
        for number in 0..<1000 {
            let action = source.action(number % RandomFrames.kindsOfActions)
            let order = Order(id: source.orderID(), uid: ResourceUID("u"), revision: nil, action: action)
            offer(Sample(type: "ControllerFrame", message: ControllerFrame.perform(order).wire))
        }
        for _ in 0..<20 {
            let seen: Result<ObservedNode, HostError> =
                source.flag() ? .success(source.observedNode()) : .failure(source.error())
            offer(Sample(type: "ObserveRequest", message: WireObserveRequest(source.name(), source.inquiry())))
            offer(Sample(type: "ObserveReply", message: WireObserveReply(seen)))
            offer(Sample(type: "TailRequest", message: WireTailRequest(source.name(), source.tail())))
            offer(Sample(type: "NodesReply", message: WireNodesReply(source.list { $0.status() })))
        }
        let release = Release(1, 2).wire
        let (one, other) = (Data([1, 2, 0]), Data([255]))
        offer(
            Sample(
                type: "JoinRequest", message: WireJoinRequest.with { ($0.signingRequest, $0.release) = (one, release) })
        )
        offer(Sample(type: "JoinReply", message: WireJoinReply.with { ($0.certificate, $0.authority) = (one, other) }))
        offer(
            Sample(
                type: "RenewRequest",
                message: WireRenewRequest.with { ($0.signingRequest, $0.release) = (one, release) }))
        offer(
            Sample(type: "RenewReply", message: WireRenewReply.with { ($0.certificate, $0.authority) = (one, other) }))
        return kept
    }

    @Test("Everything that the schema has is written by the mapping, and nothing that it has not")
    func complete() throws {
        let (samples, coverage) = try Self.chosen.get()
        #expect(coverage.strange == [])
        #expect(coverage.all.subtracting(coverage.found).sorted() == [], "in the schema, and never written")
        #expect(coverage.all.count > 300)
        #expect(samples.count < 200)
    }

    @Test("protoc reads what Swift writes, and Swift reads what protoc writes: the same fields, numbers and types")
    func bytes() throws {
        for sample in try Self.chosen.get().samples {
            let text = try Protoc.text(of: FrameCoding.bytes(sample.message), sample.type)
            try expectSame(try Protoc.bytes(of: text, sample.type), sample, "\(String(decoding: text, as: UTF8.self))")
        }
    }

    @Test("protoc reads the names that Swift writes")
    func names() throws {
        for sample in try Self.chosen.get().samples {
            let text = sample.message.textFormatString()
            try expectSame(try Protoc.bytes(of: Data(text.utf8), sample.type), sample, "\(text)")
        }
    }

    private func expectSame(_ bytes: [UInt8], _ sample: Sample, _ comment: Comment) throws {
        let back = try Swift.type(of: sample.message).init(serializedBytes: bytes)
        #expect(back.isEqualTo(message: sample.message), comment)
    }

    @Test("The services are those of the schema")
    func services() throws {
        let methods = try Protoc.descriptors().flatMap(\.service).flatMap { service in
            service.method.map { "\(Protoc.package).\(service.name)/\($0.name)" }
        }
        let generated = (WireAgents.Method.descriptors + WireControl.Method.descriptors).map(\.fullyQualifiedMethod)
        #expect(Set(methods) == Set(generated))
        #expect(methods.count == 6)
    }

    @Test("Only the session goes on and on")
    func streams() throws {
        let streaming = try Protoc.descriptors().flatMap(\.service).flatMap(\.method).filter {
            $0.clientStreaming || $0.serverStreaming
        }
        #expect(streaming.map(\.name) == ["Session"])
        #expect(streaming.allSatisfy { $0.clientStreaming && $0.serverStreaming })
    }

    @Test("Every enum begins with the value that nobody writes, and no number was given up without being reserved")
    func evolution() throws {
        for file in try Protoc.descriptors() {
            for message in file.messageType { expectDense(message) }
            for one in file.enumType + file.messageType.flatMap(\.enumType) {
                #expect(one.value.first?.name.hasSuffix("_UNSPECIFIED") == true, "\(one.name)")
                #expect(one.value.first?.number == 0, "\(one.name)")
            }
        }
    }

    /// Numbers from 1 on without a gap that `reserved` does not explain.
    private func expectDense(_ message: Google_Protobuf_DescriptorProto) {
        var numbers = Set(message.field.map { Int($0.number) })
        for range in message.reservedRange { numbers.formUnion(Int(range.start)..<Int(range.end)) }
        #expect(numbers == Set(1..<(numbers.count + 1)), "\(message.name)")
        for inner in message.nestedType { expectDense(inner) }
    }
}
