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

@Suite("Stages and times")
struct StageTests {
    private static let container = ContainerHandle.planned(name: "sandbox-qa-account")
    private static let route = RouteKey(sandbox: Sample.name("qa"), service: Sample.name("account"))

    private static let piece = Workpiece(
        repository: Sample.repository, reference: "feature/login", commit: Sample.commit("4"),
        recipe: .worktree(build: nil, target: "/src"))

    /// Every action, as the executor puts it into the journal.
    static let actions: [(action: Action, stage: String)] = [
        (.fetch(piece), "fetch"), (.checkout(piece), "checkout"), (.build(piece), "build"),
        (.discard(piece.id), "remove"),
        (
            .load(
                DesiredBundle(
                    name: Sample.name("runtimes"), images: [], archive: "/srv/runtimes.tar", sha256: "",
                    place: Sample.place)), "load"
        ),
        (.pull(Sample.image("shop/account:1")), "pull"), (.start(container), "start"), (.unpause(container), "start"),
        (.awaitHealthy(container, address: "10.0.0.2", check: nil), "health"),
        (.connect(container, network: "n", address: "10.0.0.2", alias: "a"), "network"),
        (.removeNetwork(id: "1", name: "sandbox-qa"), "network"), (.updateLimits(container, .standard), "update"),
        (.rename(container, to: "x"), "remove"),
        (.drain(Sample.gatewayName, address: "10.0.0.2", port: 80, graceMillis: 1), "drain"),
        (.stop(container), "remove"), (.remove(container), "remove"), (.configureGateway(Sample.gateway), "gateway"),
        (.admit(Sample.gatewayName, Sample.name("qa"), Admission(port: 1)), "gateway"),
        (.dismiss(Sample.gatewayName, Sample.name("qa")), "gateway"),
        (.setRoute(Sample.gatewayName, route, .starting), "route"),
        (.removeRoute(Sample.gatewayName, route), "route"),
        (.setRules(Sample.gatewayName, .everybody, []), "route"),
        (.setRules(Sample.gatewayName, .everybody, [RouteSample.all]), "route"),
        (.setNames(SandboxNames(sandbox: Sample.name("qa"), address: "10.0.0.1", services: [])), "network"),
        (.removeNames(Sample.name("qa")), "network"),
        (
            .create(
                ContainerDraft(
                    name: "c", sandbox: Sample.name("qa"), service: Sample.name("account"),
                    spec: Sample.spec("shop/account:1"), digest: Digest(of: ""), network: "n", address: "10.0.0.2",
                    published: [:])), "create"
        ),
    ]

    @Test("Every action of a plan shows as its stage", arguments: actions)
    func stage(action: Action, stage: String) throws {
        let display = Display(medium: .terminal(width: 100, height: 40), colour: .plain)
        var view = ProgressView(display: display, now: OutputSample.noon)
        let event = OutputSample.event(0, "step.started", "\(action)", service: "account")
        let lines = view.feed([event], now: OutputSample.noon).split(separator: "\n")
        let line = try #require(lines.first { $0.contains("  account") })
        #expect(line.split(separator: " ").dropFirst(2).first.map(String.init) == stage)
    }

    @Test("Times are those of Foundation, over 300 years of them")
    func calendar() throws {
        var random = SplitMix64(seed: 4)
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<2000 {
            let time = Int64.random(in: -4_000_000_000_000...6_000_000_000_000, using: &random) / 250 * 250
            let event = StoredEvent(
                id: 1, event: EventRecord(at: Timestamp(milliseconds: time), kind: "x", message: "", cause: ""))
            let object = try jsonObject(EventJSON.text(of: [event]))
            let expected = Date(timeIntervalSince1970: Double(time) / 1000).formatted(style)
            #expect(object["at"] as? String == expected)
        }
    }

    @Test("Local times are those of the machine's zone")
    func local() {
        let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .current)
            .year().month().day().time(includingFractionalSeconds: false)
        for pass in OutputSample.passes {
            let date = Date(timeIntervalSince1970: Double(pass.record.startedAt.milliseconds) / 1000)
            #expect(HistoryTable([pass], zone: .local).text(in: .file).contains(date.formatted(style)))
        }
    }

    @Test(
        "How long something took is said in words that fit it",
        arguments: [
            (0, "0.0 s"), (9_999, "9.9 s"), (10_000, "10 s"), (59_999, "59 s"), (60_000, "1 min 00 s"),
            (3_599_999, "59 min 59 s"), (7_800_000, "2 h 10 min"), (259_200_000, "3 d"), (-5, "0.0 s"),
        ] as [(Int64, String)])
    func duration(milliseconds: Int64, words: String) {
        let standing = Standing(
            sandboxes: [], fleet: OutputSample.standing.fleet, daemon: .running(processID: nil),
            now: OutputSample.after(milliseconds))
        #expect(StatusTable(standing).text(in: .file).contains("seen \(words) ago"))
    }
}
