import Foundation
import Model
import Reconciler
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("What berth node says")
struct NodesTextTests {
    @Test("The list, narrow, wide with colour, and in a file", arguments: Displays.few.map(\.name))
    func list(name: String) throws {
        let text = NodesTable(NodeSample.picture).text(in: try Displays.named(name))
        try expectGolden(visible(text), "nodes-\(name)")
    }

    @Test("One node in full, narrow, wide with colour, and in a file", arguments: Displays.few.map(\.name))
    func describe(name: String) throws {
        let node = try NodeSample.picture.node(Sample.name("micro-92"))
        let text = NodeDetail(node, in: NodeSample.picture).text(in: try Displays.named(name))
        try expectGolden(visible(text), "node-\(name)")
    }

    @Test("No line is wider than the terminal, at any width")
    func fits() throws {
        for width in 20..<200 {
            let display = Display(medium: .terminal(width: width, height: 40), colour: .plain)
            for picture in [NodeSample.picture, NodeSample.withoutManifests] {
                var text = NodesTable(picture).text(in: display)
                for node in picture.nodes { text += NodeDetail(node, in: picture).text(in: display) }
                #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "at \(width)")
            }
        }
    }

    @Test("One that is away comes with why, and with what to do; a late certificate and an odd clock are told")
    func remarks() {
        let text = NodesTable(NodeSample.picture).text(in: .file)
        #expect(text.contains("\n! infra-93: nothing was heard of it for 16 s\n"))
        #expect(text.contains("→ start berth agent on infra-93; it dials in by itself"))
        #expect(
            text.contains("infra-93: its certificate ends in 48 h 0 min and was not renewed")
                || text.contains("ends in 2 d"))
        #expect(text.contains("~ micro-92: its clock is 1 h 0 min ahead of the controller's"))
        #expect(NodesTable(NodeSample.withoutManifests).text(in: .file).hasPrefix("! nobody keeps this true"))
    }

    @Test("Where there is no node yet, the first command is named")
    func none() {
        let picture = NodesPicture(.init(), daemon: .running(processID: nil), now: OutputSample.noon)
        #expect(
            NodesTable(picture).text(in: .file)
                == "no node is known yet; berth node token NODE lets an agent join\n")
    }

    @Test("Who cordoned a node is told, and how that is undone: by a command, or in its manifest")
    func scheduling() throws {
        func text(_ name: String) throws -> String {
            NodeDetail(try NodeSample.picture.node(Sample.name(name)), in: NodeSample.picture).text(in: .file)
        }
        #expect(
            try text("micro-92").contains("Draining by achmad, 1 min 00 s ago; berth node uncordon micro-92 lifts it"))
        #expect(try text("micro-93").contains("Cordoned by its manifest (nodes/micro-93.yaml:4)"))
        #expect(try text("micro-93").contains("→ berth node token micro-93 lets its agent join"))
        #expect(try text("gateway-186").contains("none: it is this machine"))
        #expect(try text("gateway-186").contains("gateways     edge"))
    }

    @Test("The JSON of all nodes and of one keep to the schema")
    func json() throws {
        for picture in [NodeSample.picture, NodeSample.withoutManifests] {
            try SchemaValidator.expect(NodesJSON(picture.nodes, in: picture).text, toKeepTo: "nodes.v1")
            let one = try picture.node(Sample.name("micro-92"))
            try SchemaValidator.expect(NodesJSON([one], in: picture).text, toKeepTo: "nodes.v1")
        }
        try expectGolden(NodesJSON(NodeSample.picture.nodes, in: NodeSample.picture).text, "nodes-json")
    }

    @Test("A drain says who goes, who stays, and where that is written")
    func drain() throws {
        let node = try NodeSample.picture.node(Sample.name("micro-92"))
        let expected = """
            ~ qa-cron goes to another node
            = qa-login-error stays: its manifest names this node (manifests/qa-login.yaml:3)
            → what stays goes with its manifest: name another node there, or remove it, and push

            """
        #expect(DrainPicture(of: node).text(in: .file) == expected)
        let gateway = try NodeSample.picture.node(Sample.name("gateway-186"))
        #expect(DrainPicture(of: gateway).text(in: .file).contains("gateway edge stays: its manifest names this node"))
        let empty = try NodeSample.withoutManifests.node(Sample.name("gateway-186"))
        #expect(
            DrainPicture(of: empty).text(in: .file)
                == "no sandbox is on gateway-186. Gateways are not moved: requests still go through those whose manifests "
                + "name this node\n")
    }

    @Test("The status names the node of each sandbox where there are several machines, and only there")
    func nodeColumn() throws {
        let several = Standing(
            sandboxes: OutputSample.standing.sandboxes, fleet: nil, daemon: .running(processID: nil),
            nodes: [Sample.name("qa-cron"): Sample.name("micro-92")], now: OutputSample.noon)
        let lines = StatusTable(several).text(in: .file).split(separator: "\n")
        #expect(lines.first?.split(separator: " ").prefix(3) == ["SANDBOX", "PHASE", "NODE"])
        #expect(lines.contains { $0.hasPrefix("qa-cron") && $0.contains("Degraded   micro-92") })
        #expect(!StatusTable(OutputSample.standing).text(in: .file).contains("NODE"))
        #expect(StatusDetail(several).text(in: .file).contains("  node       micro-92\n"))
        #expect(StatusJSON(several).text.contains("\"node\" : \"micro-92\""))
    }

    @Test("A sandbox whose node is away is unknown: no failure, and exit code 5")
    func unknown() {
        let status = SandboxStatus(
            sandbox: Sample.name("qa"), title: "qa", phase: .unknown, message: "node micro-92 is away: no answer",
            attempted: Sample.commit("9"), applied: Sample.commit("9"), cause: "", updatedAt: OutputSample.noon)
        var standings = Standings()
        #expect(standings.judge([status], [], at: Sample.commit("9")) == .settled)
        let conclusion = Conclusion(.settled, [status], notices: [], timeout: .seconds(1))
        #expect(conclusion.status == .incomplete)
        #expect(conclusion.sentences == ["qa: node micro-92 is away: no answer"])
    }
}
