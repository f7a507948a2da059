import AgentProtocol
import Model
import Reconciler
import SwiftProtobuf
import Testing

@testable import AgentTransport

@Suite("What is no frame is refused with the place and the reason")
struct RefusalTests {
    struct Case: CustomTestStringConvertible {
        let path: String
        let what: String
        let bytes: [UInt8]
        var testDescription: String { "\(path) \(what)" }

        init(_ path: String, _ what: String, _ change: (inout WireAgentFrame) -> Void) {
            self.path = path
            self.what = what
            bytes = FrameCoding.bytes(WireAgentFrame.with(change))
        }
    }

    private static let hello = Hello(
        node: sample("node-1"), boot: "b", epoch: Epoch(1), now: Timestamp(milliseconds: 1), engine: "Docker"
    ).wire

    private static let node = ObservedNode(
        node: sample("node-1"),
        containers: [ObservedContainer(id: ContainerID("c"), name: "c", ownership: .foreign)]
    ).wire

    private static func seen(_ change: (inout WireObservedNode) -> Void) -> (inout WireAgentFrame) -> Void {
        var node = node
        change(&node)
        let changed = node
        return { $0.observation.full.node = changed }
    }

    static let cases: [Case] = [
        Case("agent", "is of no kind that release 0.1 knows") { _ in },
        Case("agent.hello.node", "is \"Node 1\" and not a name of a-z, 0-9 and -") {
            $0.hello = hello
            $0.hello.node = "Node 1"
        },
        Case("agent.hello.release", "is missing") {
            $0.hello = hello
            $0.hello.clearRelease()
        },
        Case("agent.hello.boot", "needs 1 to 128 bytes") {
            $0.hello = hello
            $0.hello.boot = ""
        },
        Case("agent.hello.interrupted[0].remains", "is of no kind that release 0.1 knows") {
            $0.hello = hello
            $0.hello.interrupted = [.with { $0.order = WireOrderID() }]
        },
        Case("agent.outcome.failed.failure", "is of no kind that release 0.1 knows") {
            $0.outcome.id = WireOrderID()
            $0.outcome.failed.failure = .UNRECOGNIZED(77)
        },
        Case("agent.outcome.id", "is missing") { $0.outcome.done = WireDone() },
        Case("agent.outcome.done.receipt.drain.finished", "is -1") {
            $0.outcome.id = WireOrderID()
            $0.outcome.done.receipt.drain.finished = -1
        },
        Case("agent.hints.hints[1]", "is of no kind that release 0.1 knows") {
            $0.hints.hints = [.with { $0.everything = WireNothing() }, WireHint()]
        },
        Case("agent.hints.hints", "holds 10001 and may hold 10000") {
            $0.hints.hints = Array(repeating: .with { $0.everything = WireNothing() }, count: 10_001)
        },
        Case("agent.lines.piece", "is \"../../etc\" and not the id of a workpiece") { $0.lines.piece = "../../etc" },
        Case("agent.lines.lines", "holds 501 and may hold 500") {
            $0.lines.lines = Array(repeating: "", count: 501)
        },
        Case("agent.lines.lines[0]", "holds 16385 and may hold 16384") {
            $0.lines.lines = [String(repeating: "x", count: 16385)]
        },
        Case("agent.lines.first", "is 9223372036854775808, and may be 0 to 9223372036854775807") {
            $0.lines.piece = "web"
            $0.lines.first = 1 << 63
        },
        Case("agent.hello.now_millis", "is 4503599627370497, and may be -4503599627370496 to 4503599627370496") {
            $0.hello = hello
            $0.hello.nowMillis = (1 << 52) + 1
        },
        Case("agent.beat.now_millis", "is -9223372036854775808, and may be") { $0.beat.nowMillis = .min },
        Case("agent.tail.answer.lines[0].at_millis", "is 9223372036854775807, and may be") {
            $0.tail.answer.lines.lines = [.with { $0.atMillis = .max }]
        },
        Case("agent.outcome.done.receipt.flip.effective_at_millis", "is 9223372036854775807, and may be") {
            $0.outcome.id = WireOrderID()
            $0.outcome.done.receipt.flip.effectiveAtMillis = .max
        },
        Case("agent.hello.interrupted", "holds 65 and may hold 64") {
            $0.hello = hello
            $0.hello.interrupted = Array(repeating: WireInterrupted(), count: 65)
        },
        Case("agent.tail.answer", "is missing") { $0.tail.id = 1 },
        Case("agent.observation.full.node", "is missing") { $0.observation.full.id = 1 },
        Case(
            "agent.observation.full.node.containers[0].state", "is of no kind that release 0.1 knows",
            seen {
                $0.containers[0].state = .unspecified
            }),
        Case(
            "agent.observation.full.node.containers[0].published", "is 65536 and not a port",
            seen {
                $0.containers[0].published = [80: 65536]
            }),
        Case(
            "agent.observation.full.node.busy_ports[1]", "is 70000 and not a port",
            seen {
                $0.busyPorts = [1, 70000]
            }),
        Case(
            "agent.observation.full.node.networks[0].subnet", "is no subnet",
            seen {
                $0.networks = [ObservedNetwork(id: "", name: "", ownership: .foreign, subnet: nil).wire]
                $0.networks[0].subnet = .with { ($0.base, $0.prefix) = (1, 16) }
            }),
        Case(
            "agent.observation.full.node.secrets[1]", "is there twice",
            seen {
                $0.secrets = Array(repeating: .with { $0.reference.environment = "A" }, count: 2)
            }),
        Case(
            "agent.observation.full.node.workshop.readings[0].reading.commit", "is \"main\" and not a commit",
            seen {
                $0.workshop.readings = [
                    .with {
                        $0.reference = CodeReference(sample("r"), "main").wire
                        $0.reading.commit = "main"
                    }
                ]
            }),
    ]

    @Test("Frames of agents", arguments: cases)
    func agent(_ example: Case) {
        let error = #expect(throws: LinkError.self) { try FrameCoding.agentFrame(example.bytes) }
        #expect(error?.failure == .malformed)
        #expect(error?.message.hasPrefix("\(example.path) \(example.what)") == true, "\(error?.message ?? "nothing")")
    }

    @Test(
        "Bytes that are no message at all",
        arguments: [[0xff], [0x0a, 0x05], [0x07], Array(repeating: 0x0b, count: 200)])
    func noise(_ bytes: [UInt8]) {
        let error = #expect(throws: LinkError.self) { try FrameCoding.agentFrame(bytes) }
        #expect(error?.failure == .malformed)
    }

    // MARK: Orders

    private static func order(_ change: (inout WireOrder) -> Void) -> [UInt8] {
        FrameCoding.bytes(
            WireControllerFrame.with {
                $0.perform.id = Order.ID(Epoch(3), 4).wire
                $0.perform.uid = "u"
                change(&$0.perform)
            })
    }

    private func refusal(of bytes: [UInt8]) throws -> String? {
        guard case .answer(.outcome(let id, .failed(let error))) = try FrameCoding.controllerFrame(bytes) else {
            return nil
        }
        #expect(id == Order.ID(Epoch(3), 4))
        #expect(error.failure == .refused)
        return error.message
    }

    @Test("An order with an action of a later release is answered, and the session goes on")
    func unknownAction() throws {
        // Field 99 of an action, which no release has: `remove_node: {}`.
        let later = try WireAction(serializedBytes: [0x9a, 0x06, 0x00] as [UInt8])
        #expect(
            try refusal(of: Self.order { $0.action = later })
                == "this agent is of release 0.1 and does not know this action; upgrade it")
        #expect(
            try refusal(of: Self.order { _ in })
                == "this agent is of release 0.1 and does not know this action; upgrade it")
    }

    @Test("An order with a value that this release does not know is answered with the place of it")
    func unknownValue() throws {
        var source = RandomFrames(seed: 1)
        var draft = source.draft().wire
        draft.spec.restart = .UNRECOGNIZED(9)
        let changed = draft
        let message = try refusal(of: Self.order { $0.action.create = changed })
        #expect(
            message
                == "this agent is of release 0.1 and cannot read this order: controller.perform.action.create.spec.restart "
                + "is of no kind that release 0.1 knows; upgrade it")
    }

    @Test(
        "What could lead elsewhere in an engine's address is no name",
        arguments: ["", "..", "a/b", "a?b", "a b", "a%2f", "é"])
    func identifiers(_ text: String) throws {
        let message = try refusal(of: Self.order { $0.action.stop = .with { ($0.id, $0.name) = (text, "n") } })
        #expect(message?.contains("action.stop.id is \"\(text)\" and not an engine's name or id") == true)
    }

    @Test("Paths, ports, modes and limits of an order hold to their rules")
    func values() throws {
        var source = RandomFrames(seed: 2)
        var draft = source.draft()
        draft = ContainerDraft(
            name: "c", sandbox: draft.sandbox, service: draft.service,
            spec: ContainerSpec(image: source.image()), digest: draft.digest, network: "n", address: "", published: [:])
        func complaint(_ change: (inout WireContainerDraft) -> Void) throws -> String {
            var wire = draft.wire
            change(&wire)
            let changed = wire
            return try refusal(of: Self.order { $0.action.create = changed }) ?? "nothing"
        }
        #expect(try complaint { _ in } == "nothing")
        let mounts = [Mount(source: "code", target: "/x", isReadOnly: true).wire]
        #expect(
            try complaint { $0.spec.mounts = mounts }.contains("mounts[0].source is \"code\" and not an absolute path"))
        let files = [FileSpec(path: "/x", content: .text(""), mode: 0o10000).wire]
        #expect(try complaint { $0.spec.files = files }.contains("files[0].mode is 4096, and may be 0 to 4095"))
        #expect(try complaint { $0.published = [0: 80] }.contains("published is 0 and not a port"))
        #expect(try complaint { $0.spec.limits.pids = -1 }.contains("spec.limits holds a number below 0"))
        #expect(try complaint { $0.spec.clearLimits() }.contains("spec.limits is missing"))
        #expect(try complaint { $0.spec.image = "{}" }.contains("spec.image is \"{}\" and not an image"))
    }

    @Test("An order without an id cannot be answered")
    func noID() {
        let bytes = Self.order { $0.clearID() }
        let error = #expect(throws: LinkError.self) { try FrameCoding.controllerFrame(bytes) }
        #expect(error?.message == "controller.perform.id is missing")
    }
}

func sample<Kind>(_ text: String) -> Name<Kind> {
    do { return try Name(text) } catch { preconditionFailure("\(error)") }
}
