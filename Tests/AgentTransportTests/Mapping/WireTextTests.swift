import AgentProtocol
import Model
import Reconciler
import Testing

@testable import AgentTransport

@Suite("Texts that the other side words")
struct WireTextTests {
    private static let long = String(repeating: "é", count: 20_000)

    private func back(_ frame: AgentFrame) throws -> AgentFrame {
        try FrameCoding.agentFrame(FrameCoding.encode(frame))
    }

    @Test(
        "What stands within a line is cut at 1024 bytes, and breaks no line",
        arguments: [
            ("Docker 20.10.24", "Docker 20.10.24"), ("a\nb\u{1b}[31m\u{0}\u{85}\u{2028}c", "a b [31m   c"), ("", ""),
            (long, String(repeating: "é", count: 512)), ("a" + long, "a" + String(repeating: "é", count: 511)),
        ])
    func labels(_ text: String, _ kept: String) throws {
        let action = Interrupted(order: Order.ID(Epoch(1), 2), action: text, remains: .found)
        guard
            case .hello(let hello) = try back(
                .hello(
                    Hello(
                        node: sample("n"), boot: "b", epoch: Epoch(0), now: Timestamp(milliseconds: 0), engine: text,
                        interrupted: [action])))
        else {
            Issue.record("a hello is a hello")
            return
        }
        #expect(hello.engine == kept)
        #expect(hello.interrupted.map(\.action) == [kept])
        let code = CodeReference(sample("r"), "main")
        #expect(
            try back(.hints([.sandbox(sample("s"), what: text), .code(code, what: text)]))
                == .hints([.sandbox(sample("s"), what: kept), .code(code, what: kept)]))
    }

    @Test("The message of a failure is cut at 16 KiB, and keeps its lines")
    func messages() throws {
        func told(_ text: String) throws -> String? {
            let failed = Observation.failed(HostError("look", .refused, text))
            guard case .observation(_, .failed(let error)) = try back(.observation(QuestionID(1), failed)) else {
                return nil
            }
            return error.message
        }
        #expect(try told("one\ntwo") == "one\ntwo")
        #expect(try told(Self.long) == String(repeating: "é", count: 8192))
        #expect(try told("a" + Self.long) == "a" + String(repeating: "é", count: 8191))
    }
}
