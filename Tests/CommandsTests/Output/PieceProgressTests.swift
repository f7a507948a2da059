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

@Suite("Progress of what is made of commits")
struct PieceProgressTests {
    static let piece: Workpiece.ID = {
        guard let id = Workpiece.ID("account-444444444444-0a1b2c3d") else { preconditionFailure("a piece's name") }
        return id
    }()

    /// Two sandboxes wait for one build, a third for one that fails.
    static let story: [EventRecord] = [
        awaited(0, "qa"), awaited(10, "dev"),
        made(20, "pass.started", "3 step(s)"),
        made(30, "step.started", "fetch account feature/login @ 4444444"),
        made(400, "step.completed", "fetch account feature/login @ 4444444 (370 ms)"),
        made(401, "step.started", "checkout account feature/login @ 4444444"),
        made(500, "step.completed", "checkout account feature/login @ 4444444"),
        made(501, "step.started", "build account feature/login @ 4444444"),
        awaited(600, "late"),
        made(4700, "step.completed", "build account feature/login @ 4444444"),
        made(4710, "pass.converged", "3 step(s) done; nothing is left to do"),
        OutputSample.event(4720, "pass.started", "2 step(s)", sandbox: "qa"),
        OutputSample.event(
            4730, "step.started", "create sandbox-qa-account from runtime:1", sandbox: "qa", service: "account"),
        OutputSample.event(
            4900, "step.completed", "create sandbox-qa-account from runtime:1", sandbox: "qa", service: "account"),
        OutputSample.event(
            4910, "step.started", "await health of sandbox-qa-account", sandbox: "qa", service: "account"),
        OutputSample.event(
            5900, "step.completed", "await health of sandbox-qa-account", sandbox: "qa", service: "account"),
        OutputSample.event(5910, "pass.converged", "2 step(s) done; nothing is left to do", sandbox: "qa"),
    ]

    static func awaited(_ time: Int64, _ sandbox: String, _ service: String = "account") -> EventRecord {
        EventRecord(
            at: OutputSample.after(time), sandbox: Sample.name(sandbox), service: Sample.name(service),
            kind: "piece.awaited", message: "account feature/login @ 4444444", cause: "manifests/qa.yaml:3",
            revision: Sample.commit("9"), piece: piece)
    }

    static func made(_ time: Int64, _ kind: String, _ message: String) -> EventRecord {
        EventRecord(
            at: OutputSample.after(time), kind: kind, message: message, cause: "for qa, dev",
            revision: Sample.commit("9"), piece: piece)
    }

    private static func screen(after count: Int, at time: Int64) -> Screen {
        screen(of: Array(story.prefix(count)), at: time)
    }

    private static func screen(of events: [EventRecord], at time: Int64) -> Screen {
        var view = ProgressView(display: ProgressTests.terminal(100), now: OutputSample.noon)
        var screen = Screen(width: 100, height: 40)
        for event in events { screen.show(view.feed([event], now: event.at)) }
        screen.show(view.tick(now: OutputSample.after(time)))
        return screen
    }

    @Test("On a terminal: while it waits, while it builds, and at the end")
    func pictures() throws {
        let pictures = [(2, 150), (9, 3000), (13, 4800), (Self.story.count, 6000)] as [(Int, Int64)]
        let text = pictures.map { Self.screen(after: $0.0, at: $0.1).text }.joined(separator: "\n---\n")
        try expectGolden(text, "progress-pieces-100")
    }

    @Test("Off a terminal: each stage once, however many wait for it")
    func lines() throws {
        var view = ProgressView(display: .file, now: OutputSample.noon)
        var text = Self.story.map { view.feed([$0], now: $0.at) }.joined()
        text += view.finish(now: OutputSample.after(6000))
        try expectGolden(text, "progress-pieces-file")
    }

    @Test("Two services of one sandbox that wait for the same count its steps once")
    func sharedInASandbox() {
        let events = [Self.awaited(0, "qa"), Self.awaited(1, "qa", "jobs")] + Self.story[2...4]
        #expect(Self.screen(of: events, at: 600).text.contains("  1/3  "))
    }

    @Test("A build that fails is shown with every service that waits for it, and tried again it is forgotten")
    func failure() {
        let message = "build account feature/login @ 4444444: exit code 2"
        var events = Array(Self.story.prefix(8)) + [Self.made(900, "step.failed", message)]
        events.append(Self.made(910, "pass.failed", message))
        let failed = Self.screen(of: events, at: 2000).text
        #expect(failed.components(separatedBy: "build failed").count == 3, "\(failed)")
        #expect(failed.contains("  2/2  "))
        events += [
            Self.made(3000, "pass.started", "1 step(s)"),
            Self.made(3010, "step.started", "build account feature/login @ 4444444"),
        ]
        let again = Self.screen(of: events, at: 4000).text
        #expect(!again.contains("failed"), "\(again)")
        #expect(again.contains("  2/3  "))
    }

    @Test("A sandbox that was done and waits for a newer commit starts over")
    func again() {
        let events =
            Self.story + [Self.awaited(7000, "qa"), Self.made(7010, "pass.started", "3 step(s)")]
        let line = Self.screen(of: events, at: 7500).text.split(separator: "\n").first { $0.hasPrefix("qa") }
        #expect(line?.contains("  0/3  ") == true, "\(line ?? "")")
    }

    @Test("The images of a bundle are told as such, and not as a gateway")
    func bundle() {
        let events = [
            OutputSample.event(0, "pass.started", "1 step(s)", sandbox: nil),
            OutputSample.event(10, "step.started", "load runtimes", sandbox: nil),
        ]
        #expect(Self.screen(of: events, at: 200).text.hasPrefix("images"))
    }
}
