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

@Suite("What berth status says")
struct StatusTests {
    @Test("The table at every width, coloured and plain", arguments: OutputSample.displays.map(\.name))
    func table(name: String) throws {
        let display = try #require(OutputSample.displays.first { $0.name == name }).display
        try expectGolden(visible(StatusTable(OutputSample.standing).text(in: display)), "status-\(name)")
    }

    @Test("One sandbox in full at every width", arguments: OutputSample.displays.map(\.name))
    func detail(name: String) throws {
        let display = try #require(OutputSample.displays.first { $0.name == name }).display
        let one = Standing(
            sandboxes: OutputSample.standing.sandboxes.filter { $0.sandbox.text != "pr-17" }, fleet: nil,
            daemon: .running(processID: nil), host: "box", now: OutputSample.after(5000))
        try expectGolden(visible(StatusDetail(one).text(in: display)), "detail-\(name)")
    }

    @Test("Where nobody keeps the picture true, it says so and how old it is")
    func daemonIsGone() throws {
        let text = StatusTable(OutputSample.unkept).text(in: .file)
        #expect(text.contains("nobody keeps this true: the picture is 5 min 20 s old; start berth serve"))
        #expect(!StatusTable(OutputSample.standing).text(in: .file).contains("nobody keeps"))
    }

    @Test("Before the first look there is a sentence and not an empty table")
    func nothingYet() {
        let none = Standing(sandboxes: [], fleet: nil, daemon: .notRunning, now: OutputSample.noon)
        #expect(
            StatusTable(none).text(in: .file)
                == "! nothing was looked at yet; start berth serve\n\nno sandbox is known yet\n")
    }

    @Test("Narrow terminals lose the right-most columns first")
    func narrow() {
        func headings(_ width: Int) -> [Substring] {
            let display = Display(medium: .terminal(width: width, height: 40), colour: .plain)
            let lines = StatusTable(OutputSample.standing).text(in: display).split(separator: "\n")
            return (lines.first { $0.hasPrefix("SANDBOX") } ?? "").split(separator: " ")
        }
        var last = headings(200)
        #expect(last == ["SANDBOX", "PHASE", "PORT", "ATTEMPTED", "APPLIED", "HEALTHY", "SERVICES", "CAUSE"])
        for width in (20..<200).reversed() {
            let now = headings(width)
            #expect(now.elementsEqual(last.prefix(now.count)))
            last = now
        }
        #expect(last == ["SANDBOX"])
    }

    @Test("However long a branch is called, the commit that runs and its health are on a narrow terminal")
    func longBranch() {
        let branch = "feature/" + String(repeating: "a-very-long-name-", count: 6)
        let status = SandboxStatus(
            sandbox: Sample.name("qa"), title: "qa", phase: .ready, cause: "",
            services: [
                .init(
                    name: Sample.name("account"), use: "branch \(branch) @ 4be1c2d", health: "Healthy",
                    target: "http://10.210.0.2:8080")
            ], updatedAt: OutputSample.noon)
        let standing = Standing(
            sandboxes: [status], fleet: nil, daemon: .running(processID: nil), now: OutputSample.noon)
        for width in [60, 100] {
            let display = Display(medium: .terminal(width: width, height: 40), colour: .plain)
            let line = StatusDetail(standing).text(in: display).split(separator: "\n").first { $0.contains("account") }
            #expect(line?.contains("branch feature/a") == true, "\(line ?? "")")
            #expect(line?.contains("… @ 4be1c2d  Healthy") == true, "\(line ?? "")")
        }
        #expect(StatusDetail(standing).text(in: .file).contains("\(branch) @ 4be1c2d  Healthy"))
    }

    @Test("What keeps a sandbox where it is, is told with what shows more, also of those that run")
    func remarks() {
        func text(_ phase: SandboxStatus.Phase, _ message: String) -> String {
            let status = SandboxStatus(
                sandbox: Sample.name("qa"), title: "qa", phase: phase, message: message,
                attempted: Sample.commit("9"), applied: Sample.commit("9"), cause: "",
                services: [
                    .init(
                        name: Sample.name("account"), use: "branch \(Sample.commit("4").text) @ 4444444",
                        health: "Healthy", target: "")
                ], updatedAt: OutputSample.noon)
            let standing = Standing(
                sandboxes: [status], fleet: nil, daemon: .running(processID: nil), now: OutputSample.noon)
            return StatusTable(standing).text(in: .file) + StatusDetail(standing).text(in: .file)
        }
        let gone = text(.ready, "main is gone from repository account; account stays at 4444444")
        #expect(gone.contains("\n~ qa: main is gone from repository account; account stays at 4444444\n"))
        #expect(gone.contains("  account  commit 4444444  Healthy"))
        let unhealthy = text(.failed, "await health of sandbox-qa-account-g2: it answered 500")
        #expect(unhealthy.contains("→ berth logs qa/account shows all that it wrote\n"))
        #expect(unhealthy.contains("Failed; before: Healthy"))
        #expect(unhealthy.contains("1/1 healthy"))
        #expect(unhealthy.contains("  serving    what was there before; the newest version failed\n"))
        let failed = text(.failed, "build of account (main @ 5555555) failed: exit code 2")
        #expect(failed.contains("Failed; before: Healthy"))
        #expect(failed.contains("\n! qa: build of account"))
        let hint = "→ berth logs qa/account --build shows all that it wrote\n"
        #expect(failed.ranges(of: hint).count == 2)
        for refusal in [
            "create sandbox-qa-account: port 9 may not be published on this node: its agent's configuration allows 1-2",
            "build of account (main @ 5555555) failed: this node runs no commands (its agent's configuration)",
        ] { #expect(!text(.failed, refusal).contains("shows all that it wrote")) }
        #expect(
            text(.failed, "repository ghost cannot be reached: it did not answer").contains("→ mend its path or url"))
    }

    @Test("Watched, each picture replaces the one before, and a low screen says what is not on it")
    func watched() {
        var canvas = Canvas()
        var screen = Screen(width: 100, height: 30)
        let display = Display(medium: .terminal(width: 100, height: 30), colour: .plain)
        screen.show("before\n" + canvas.draw(StatusTable(OutputSample.unkept), in: display))
        screen.show(canvas.draw(StatusTable(OutputSample.standing), in: display))
        #expect(screen.text + "\n" == "before\n" + StatusTable(OutputSample.standing).text(in: display))

        canvas = Canvas()
        var low = Screen(width: 100, height: 6)
        let lowDisplay = Display(medium: .terminal(width: 100, height: 6), colour: .plain)
        for _ in 0..<3 { low.show(canvas.draw(StatusTable(OutputSample.standing), in: lowDisplay)) }
        #expect(low.lines.filter { $0.hasPrefix("main ") }.count == 1)
        #expect(low.text.hasSuffix("\n… 12 more lines"))
    }

    @Test("JSON has its version, every key whether or not there is a value, and UTC dates")
    func json() throws {
        try expectGolden(StatusJSON(OutputSample.standing).text, "status-json")
        let object = try jsonObject(StatusJSON(OutputSample.standing).text)
        #expect(object["version"] as? Int == 1)
        #expect(object["updatedAt"] as? String == "2026-11-21T12:04:11.250Z")
        let sandboxes = try #require(object["sandboxes"] as? [[String: Any]])
        #expect(sandboxes.count == 3)
        #expect(Set(sandboxes.map { Set($0.keys) }).count == 1)
        #expect(sandboxes.first?["owner"] is NSNull)
    }

    @Test(
        "What helps is told once, and is what helps there",
        arguments: [
            (
                "node a is away: look: the engine at /run/docker.sock did not answer in time",
                "start the engine of that node; it is looked at again by itself"
            ),
            ("node a is away: look: no engine: nobody listens on /run/docker.sock; start docker", nil),
            ("sandbox qa is on node a, which is away; what runs there runs on", "berth node list says why it is away"),
            (
                "no node is chosen for qa while a is away, for it may be there; bring the node back, write placement",
                nil
            ),
            (
                "gateway edge is on node a, which nobody serves",
                "berth serve --agents 3452 lets its agent in; where it is this machine, name it: berth serve --node NODE"
            ),
        ] as [(String, String?)])
    func remedy(sentence: String, remedy: String?) {
        let fleet = FleetStatus(
            branch: "main", head: nil, notices: [sentence], updatedAt: OutputSample.noon, processID: nil)
        let standing = Standing(sandboxes: [], fleet: fleet, daemon: .running(processID: nil), now: OutputSample.noon)
        let expected = "! \(sentence)\n" + (remedy.map { "  → \($0)\n" } ?? "")
        let text = StatusTable(standing).text(in: .file)
        #expect(text.hasSuffix("\n" + expected), "\(text)")
    }

    @Test("A notice comes with its remedy, unless it names a command itself")
    func remedies() {
        let text = StatusTable(OutputSample.standing).text(in: .file)
        #expect(text.contains("→ mend the file and push; berth validate shows every problem"))
        #expect(text.contains("→ start berth agent there; berth node list says why it is away"))
        #expect(text.contains("--allow-deletions 5\n!"))
        let moving = FleetStatus(
            branch: "main", head: nil, notices: ["gateway edge is being configured"], updatedAt: OutputSample.noon,
            processID: nil)
        let standing = Standing(
            sandboxes: [], fleet: moving, daemon: .running(processID: nil), now: OutputSample.noon)
        #expect(StatusTable(standing).text(in: .file).hasSuffix("\n~ gateway edge is being configured\n"))
        let silent = FleetStatus(
            branch: "main", head: nil,
            notices: ["baseline of user does not serve: GET /health answered 503 (asked through edge)"],
            updatedAt: OutputSample.noon, processID: nil)
        let told = Standing(sandboxes: [], fleet: silent, daemon: .running(processID: nil), now: OutputSample.noon)
        let ending =
            "\n! baseline of user does not serve: GET /health answered 503 (asked through edge)\n  → mend the "
            + "shared deployment, or its address in the manifests; it is asked again by itself\n"
        #expect(StatusTable(told).text(in: .file).hasSuffix(ending))
    }
}
