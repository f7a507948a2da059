import Model
import Planner
import Reconciler
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("Progress")
struct ProgressTests {
    /// A pass over two sandboxes, of which the second fails, and the gateway.
    static let story: [EventRecord] = [
        OutputSample.event(0, "pass.started", "2 step(s)", sandbox: nil, cause: "manifests/gateway.yaml:1"),
        OutputSample.event(10, "step.started", "configure gateway main", sandbox: nil),
        OutputSample.event(200, "step.completed", "configure gateway main", sandbox: nil),
        OutputSample.event(300, "pass.started", "7 step(s)"),
        step(310, "started", "create network sandbox-qa-login-error 10.210.0.0/28", nil),
        step(400, "completed", "create network sandbox-qa-login-error 10.210.0.0/28", nil),
        step(410, "started", "create sandbox-qa-login-error-account from shop/account:1", "account"),
        step(420, "started", "create sandbox-qa-login-error-web from shop/web:1", "web"),
        step(600, "completed", "create sandbox-qa-login-error-account from shop/account:1", "account"),
        step(600, "started", "start sandbox-qa-login-error-account", "account"),
        step(900, "completed", "start sandbox-qa-login-error-account", "account"),
        step(901, "started", "await health of sandbox-qa-login-error-account", "account"),
        OutputSample.event(1000, "pass.started", "3 step(s)", sandbox: "qa-cron"),
        OutputSample.event(
            1100, "step.started", "await health of sandbox-qa-cron-jobs", sandbox: "qa-cron", service: "jobs"),
        OutputSample.event(
            1900, "step.failed", "await health of sandbox-qa-cron-jobs: exited with 1:\nno such table",
            sandbox: "qa-cron", service: "jobs"),
        OutputSample.event(1901, "step.skipped", "route qa-cron:jobs", sandbox: "qa-cron", service: "jobs"),
        OutputSample.event(1950, "pass.failed", "exited with 1: no such table", sandbox: "qa-cron"),
        step(2500, "completed", "await health of sandbox-qa-login-error-account", "account"),
        step(2510, "completed", "create sandbox-qa-login-error-web from shop/web:1", "web"),
        step(2600, "completed", "route qa-login-error:account to account@feature (http://10.210.0.2:8080)", "account"),
        OutputSample.event(2650, "manifest.problem", "unknown key", sandbox: nil),
        OutputSample.event(2700, "pass.converged", "7 step(s) done; nothing is left to do"),
    ]

    private static func step(_ time: Int64, _ result: String, _ message: String, _ service: String?) -> EventRecord {
        OutputSample.event(time, "step.\(result)", message, service: service)
    }

    static func terminal(_ width: Int, _ height: Int = 40, _ colour: Display.Colour = .plain) -> Display {
        Display(medium: .terminal(width: width, height: height), colour: colour)
    }

    /// The screen after the first `count` events and, where asked for, the end.
    static func screen(_ display: Display, _ count: Int, finishing: Bool = false) -> Screen {
        var view = ProgressView(display: display, now: OutputSample.noon)
        var screen = Screen(width: display.width ?? 0, height: display.height ?? 0)
        for event in story.prefix(count) { screen.show(view.feed([event], now: event.at)) }
        screen.show(view.tick(now: OutputSample.after(3000)))
        if finishing { screen.show(view.finish(now: OutputSample.after(3000))) }
        return screen
    }

    @Test("On a terminal, half-way and at the end", arguments: [60, 100, 160])
    func pictures(width: Int) throws {
        let half = Self.screen(Self.terminal(width), 15)
        let end = Self.screen(Self.terminal(width), Self.story.count, finishing: true)
        try expectGolden(half.text + "\n---\n" + end.text, "progress-\(width)")
    }

    @Test("Colour adds to the picture and changes nothing of it")
    func coloured() throws {
        var view = ProgressView(display: Self.terminal(100, 40, .coloured), now: OutputSample.noon)
        let text = view.feed(Self.story, now: OutputSample.after(2700))
        try expectGolden(visible(text), "progress-coloured")
        var plain = ProgressView(display: Self.terminal(100), now: OutputSample.noon)
        #expect(uncoloured(text) == plain.feed(Self.story, now: OutputSample.after(2700)))
    }

    @Test("Off a terminal: lines for what matters, and no control character")
    func lines() throws {
        var view = ProgressView(display: .file, now: OutputSample.noon)
        var text = Self.story.map { view.feed([$0], now: $0.at) }.joined()
        #expect(view.tick(now: OutputSample.after(60_000)) == "")
        text += view.finish(now: OutputSample.after(3000))
        try expectGolden(text, "progress-file")
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
    }

    @Test("However events and sizes come, the picture stays on the screen and holds the newest")
    func randomSizes() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let display = Self.terminal(.random(in: 20...120, using: &random), .random(in: 4...12, using: &random))
            var view = ProgressView(display: display, now: OutputSample.noon)
            var screen = Screen(width: display.width ?? 0, height: display.height ?? 0)
            screen.show("before\n")
            var time: Int64 = 0
            for number in 0..<60 {
                time += .random(in: 0...300, using: &random)
                let sandbox = "s\(Int.random(in: 0..<8, using: &random))"
                let kinds = ["pass.started", "step.started", "step.completed", "step.failed", "pass.converged"]
                let event = OutputSample.event(
                    time, kinds.randomElement(using: &random) ?? "", number % 3 == 0 ? "4 step(s)" : "start it",
                    sandbox: sandbox,
                    service: random.oneIn(3) ? nil : "service-\(Int.random(in: 0..<3, using: &random))")
                screen.show(view.feed([event], now: event.at))
            }
            screen.show(view.tick(now: OutputSample.after(time + 1000)))
            #expect(screen.overflows == 0, "seed \(seed)")
            let shown = screen.lines.filter { !$0.isEmpty && $0 != "before" }
            #expect(shown.count <= (display.height ?? 0) - 1, "seed \(seed)")
            // A drawing in place leaves no remains: the same picture drawn once is the same screen.
            #expect(
                Set(shown.filter { $0.hasPrefix("s") }.map { $0.prefix(2) }).count == shown.count { $0.hasPrefix("s") })
        }
    }

    @Test("A full screen says how many lines are not on it")
    func overfull() {
        var view = ProgressView(display: Self.terminal(80, 6), now: OutputSample.noon)
        let events = (1...16).map { OutputSample.event(0, "pass.started", "4 step(s)", sandbox: "pr-\($0)") }
        var screen = Screen(width: 80, height: 6)
        screen.show(view.feed(events, now: OutputSample.noon))
        #expect(
            screen.lines.filter { !$0.isEmpty }.map { $0.prefix(9) } == [
                "… 12 more", "pr-13  [-", "pr-14  [-", "pr-15  [-", "pr-16  [-",
            ])
    }

    @Test("Where a sandbox fits only in part, its newest services are shown; settled ones shrink to a line first")
    func partly() {
        var view = ProgressView(display: Self.terminal(80, 5), now: OutputSample.noon)
        let services = (1...5).map {
            OutputSample.event(0, "step.started", "start x", sandbox: "qa", service: "service-\($0)")
        }
        var screen = Screen(width: 80, height: 5)
        screen.show(view.feed(services, now: OutputSample.noon))
        #expect(
            screen.lines.prefix(4).map { $0.prefix(11) } == ["… 3 more", "  service-3", "  service-4", "  service-5"])
        let end = OutputSample.event(200, "pass.converged", "", sandbox: "qa")
        screen.show(view.feed([end], now: end.at))
        #expect(screen.text.hasPrefix("qa           [####################]      0     0.2 s  done"))
        #expect(screen.text.split(separator: "\n").count == 1)
    }

    @Test("At most ten drawings a second, however many events there are")
    func rate() {
        var view = ProgressView(display: Self.terminal(80), now: OutputSample.noon)
        var drawings = 0
        for millisecond in 0..<5000 as Range<Int64> {
            let event = OutputSample.event(millisecond, "step.started", "start x", service: "web")
            if !view.feed([event], now: event.at).isEmpty { drawings += 1 }
        }
        #expect(drawings == 50)
        // A clock that was set back does not freeze the picture.
        #expect(view.tick(now: OutputSample.after(-100_000)) != "")
    }

    @Test("A window that becomes narrower is redrawn over all the rows the old lines take now")
    func resize() {
        var view = ProgressView(display: Self.terminal(100), now: OutputSample.noon)
        let first = view.feed(Array(Self.story.prefix(12)), now: OutputSample.noon)
        let rows = first.split(separator: "\n").dropLast().map { line in
            (uncoloured(line.replacing(/\r\u{1b}\[2K/, with: "")).count + 29) / 30
        }.reduce(0, +)
        view.resize(to: Self.terminal(30))
        #expect(view.tick(now: OutputSample.after(1000)).hasPrefix("\r\u{1b}[\(rows)A"))
    }

    @Test("A second round of a pass adds its steps; a pass after a verdict starts over")
    func rounds() {
        var view = ProgressView(display: Self.terminal(100), now: OutputSample.noon)
        var screen = Screen(width: 100, height: 40)
        func feed(_ time: Int64, _ kind: String, _ message: String) {
            screen.show(
                view.feed([OutputSample.event(time, kind, message, service: nil)], now: OutputSample.after(time)))
        }
        feed(0, "pass.started", "2 step(s)")
        feed(1000, "step.completed", "start a")
        feed(2000, "step.completed", "start b")
        feed(3000, "drift", "1 step(s)")
        #expect(screen.text.contains("  2/3  "))
        feed(4000, "pass.failed", "no")
        #expect(view.failures.map(\.message) == ["no"])
        #expect(view.isSettled([Sample.name("qa-login-error")]))
        feed(5000, "pass.started", "4 step(s)")
        #expect(screen.text.contains("  0/4  "))
        #expect(view.failures.isEmpty)
        #expect(!view.isSettled([Sample.name("qa-login-error")]))
        #expect(!view.isSettled([Sample.name("never-seen")]))
    }
}
