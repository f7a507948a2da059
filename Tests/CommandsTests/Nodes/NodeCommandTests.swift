import ArgumentParser
import Commands
import Foundation
import Model
import Reconciler
import SQLiteJournal
import TestSupport
import Testing

@Suite("The node commands, as they are typed")
struct NodeCommandTests {
    @Test(
        "What is misspelt or missing is a sentence",
        arguments: [
            (["node", "list"], "holds no installation; start berth serve there, or name its folder with --data"),
            (["node", "cordon", "micro-92"], "holds no installation"),
            (["node", "token", "micro-92", "--for", "1x"], "\"1x\" is no duration"),
            (["node", "token", "micro-92", "--for", "31d"], "--for is 30d at most"),
            (["node", "drain"], "Missing expected argument"),
            (["serve", "--no-local"], "--no-local leaves nobody to do anything; say --agents 3452 too"),
            (["node", "token", "micro-92", "--for", "2y"], "write it like 10m, 12h or 7d, 30d at most"),
            (["serve", "--agents", "99999"], "--agents 99999: the port is a number from 0 to 65535, as in 3452"),
            (["serve", "--agents", "foo"], "--agents foo: foo is no IP address of this machine"),
            (["serve", "--agents", "1.2.3:9"], "1.2.3 is no IP address of this machine"),
            (["serve", "--agents", "a b"], "is no address"),
            (["serve", "--agents", "3452", "--unknown-after", "soon"], "\"soon\" is no duration"),
            (["reconcile", "--dry-run", "--agents", "3452"], "--agents does not go with --dry-run"),
            (["agent"], "nobody says where the controller is"),
            (["agent", "--controller", "box", "--join", "x"], "this is no join token"),
            (["agent", "--controller", "box", "--config", "/nonexistent.yaml"], "/nonexistent.yaml cannot be read"),
        ])
    func sentences(words: [String], sentence: String) async throws {
        try await withFolder { folder in
            let own = words[0] == "node" || words[0] == "agent" ? words + ["--data", folder + "/data"] : words
            let text = await complaint(own)
            #expect(text.contains(sentence), "\(text)")
        }
    }

    @Test(
        "Nobody serves where no agent can dial in: it ends at once and says why",
        arguments: [
            ("127.0.0.1", "the port is taken; name another with --agents"),
            ("192.0.2.1", "that address is not of this machine; name another with --agents"),
        ])
    func notListening(host: String, sentence: String) async throws {
        let taken = try TakenPort()
        defer { taken.release() }
        try await withFolder { folder in
            let address = "\(host):\(taken.number)"
            let text = await complaint([
                "serve", "--agents", address, "--no-local", "--data", folder + "/data", "--repo", folder,
            ])
            #expect(text == "cannot listen for agents at \(address): \(sentence)")
        }
    }

    @Test("Where only agents could tell and no controller runs, its start is what helps, and nothing else is asked for")
    func controllerIsDown() async throws {
        try await withInstallation { folder, journal in
            let own: NodeName = Sample.name("gateway-186")
            try await journal.forget(own)
            try await run(["node", "token", "micro-92", "--data", folder])
            try await journal.put(
                SandboxStatus(
                    sandbox: Sample.name("qa"), title: "qa", phase: .ready, cause: "", updatedAt: OutputSample.noon))
            let text = await complaint(["logs", "qa", "--data", folder])
            #expect(
                text == "no berth serve runs for \(DataDirectory(folder).path); start it: berth serve --agents 3452 "
                    + "--no-local")
        }
    }

    @Test("An agent without certificate and token says how it gets one, and dials nobody")
    func notJoined() async throws {
        try await withFolder { folder in
            let text = await complaint(["agent", "--controller", "127.0.0.1:1", "--data", folder])
            #expect(
                text == "this agent has not joined yet: make a token at the controller (berth node token NODE), and "
                    + "start the agent once with --join TOKEN")
        }
    }

    @Test("All that is wrong with a configuration is told with its places")
    func configuration() async throws {
        try await withFolder { folder in
            let file = folder + "/agent.yaml"
            try Data("controler: box\nports: {from: 9, to: 2}\n".utf8).write(to: URL(filePath: file))
            let text = await complaint(["agent", "--config", file, "--data", folder])
            #expect(text.contains("agent.yaml:1:1: error: unknown key \"controler\""), "\(text)")
            #expect(text.contains("agent.yaml:2:"), "\(text)")
        }
    }

    @Test("A node that nobody knows is told with the nearest names")
    func unknownNode() async throws {
        try await withInstallation { folder, _ in
            for verb in ["describe", "cordon", "uncordon", "drain", "remove"] {
                // Where there are manifests, their nodes are known as well.
                let repository = verb == "describe" ? ["--repo", folder] : []
                let text = await complaint(["node", verb, "mirco-92", "--data", folder] + repository)
                #expect(text == "there is no node mirco-92; there are: micro-92, gateway-186", "\(verb)")
            }
        }
    }

    @Test("A cordon is kept until it is lifted, and a drain is one")
    func cordons() async throws {
        try await withInstallation { folder, journal in
            func cordon() async throws -> Cordon? { try await journal.cordons().first }
            try await run(["node", "cordon", "micro-92", "--data", folder])
            #expect(try await cordon()?.isDraining == false)
            try await run(["node", "drain", "micro-92", "--no-wait", "--data", folder])
            #expect(try await cordon()?.isDraining == true)
            try await run(["node", "uncordon", "micro-92", "--data", folder])
            #expect(try await cordon() == nil)
            try await run(["node", "uncordon", "micro-92", "--data", folder])
        }
    }

    @Test("A node that still has sandboxes is removed only by who insists; its token counts no more then")
    func remove() async throws {
        try await withInstallation { folder, journal in
            try await run(["node", "token", "micro-92", "--data", folder])
            let text = await complaint(["node", "remove", "micro-92", "--data", folder])
            #expect(
                text == "on micro-92 there are still: qa. They would run on with nobody to look after them; berth node "
                    + "drain micro-92 first, or say --yes")
            try await run(["node", "remove", "micro-92", "--yes", "--data", folder])
            #expect(try await journal.nodeStatuses().map(\.node.text) == ["gateway-186"])
            let own = await complaint(["node", "remove", "gateway-186", "--data", folder])
            #expect(own.contains("is the machine of the controller itself"))
        }
    }

    @Test("Those that leave a node are told one by one, and those that stay with what keeps them")
    func departures() async throws {
        let journal = try SQLiteJournal.inMemory()
        let (micro, other): (NodeName, NodeName) = (Sample.name("micro-92"), Sample.name("micro-93"))
        let (qa, dev): (SandboxName, SandboxName) = (Sample.name("qa"), Sample.name("dev"))
        try await journal.reserve([
            Allocation(.place(micro, of: qa), to: qa), Allocation(.place(micro, of: dev), to: dev),
        ])
        try await journal.enter(entry("b1", qa, other))
        try await journal.put(
            SandboxStatus(
                sandbox: dev, title: "dev", phase: .ready, message: "no room elsewhere", cause: "",
                updatedAt: OutputSample.noon))
        try await journal.release([Allocation(.place(micro, of: qa), to: qa)])
        var told: [String] = []
        let left = try await Departures(node: micro, journal: journal, timeout: .zero).wait(for: [qa, dev]) {
            told.append("\($0) \($1?.text ?? "-")")
        }
        #expect(told == ["qa micro-93"])
        #expect(left == [dev: "no room elsewhere"])
        try await journal.release([Allocation(.place(micro, of: dev), to: dev)])
        #expect(
            try await Departures(node: micro, journal: journal, timeout: .zero).wait(for: [dev]) { _, _ in }.isEmpty)
    }

    // MARK: What it takes

    private func withInstallation(_ body: (String, SQLiteJournal) async throws -> Void) async throws {
        try await withFolder { folder in
            try DataDirectory(folder).prepare()
            let journal = try SQLiteJournal(path: folder + "/berth.sqlite")
            let time = OutputSample.noon
            try await journal.put(NodeStatus(node: Sample.name("micro-92"), connection: .away, since: time))
            try await journal.put(NodeStatus(node: Sample.name("gateway-186"), connection: .local, since: time))
            try await journal.enter(entry("a1", Sample.name("qa"), Sample.name("micro-92")))
            try await body(folder, journal)
        }
    }

    private func entry(_ uid: String, _ sandbox: SandboxName, _ node: NodeName) -> LedgerEntry {
        LedgerEntry(
            uid: ResourceUID(uid), kind: .container, name: uid, node: node, sandbox: sandbox,
            enteredAt: OutputSample.noon)
    }

    private func run(_ words: [String]) async throws {
        var command = try Berth.parseAsRoot(words)
        if var waiting = command as? any AsyncParsableCommand { try await waiting.run() } else { try command.run() }
    }

    private func complaint(_ words: [String]) async -> String {
        do {
            try await run(words)
            return "it did not fail"
        } catch {
            return error is Complaint ? "\(error)" : Berth.message(for: error)
        }
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-nodes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { _ = try? FileManager.default.removeItem(at: folder) }  // SAFE: swept by the system
        try await body(folder.path(percentEncoded: false))
    }
}

/// A port of 127.0.0.1 that somebody listens at.
private struct TakenPort {
    let number: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(isBound)
        number = UInt16(bigEndian: address.sin_port)
    }

    func release() { close(descriptor) }
}
