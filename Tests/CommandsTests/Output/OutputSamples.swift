import Model
import Planner
import Reconciler
import TestSupport

#if canImport(Output)
    import Output
#else
    import Commands
#endif

/// Values that every rendering is shown with.
enum OutputSample {
    static let noon = Timestamp(milliseconds: 1_795_262_651_250)  // 2026-11-21T12:04:11.250Z

    static func after(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: noon.milliseconds + milliseconds)
    }

    static let displays = Displays.all

    static let standing = Standing(
        sandboxes: [
            SandboxStatus(
                sandbox: Sample.name("qa-login-error"), title: "QA-LOGIN-ERROR", owner: "achmad", phase: .ready,
                attempted: Sample.commit("9"), applied: Sample.commit("9"), healthy: Sample.commit("9"),
                cause: "manifests/qa-login.yaml:3  (Achmad, 9999999)", port: 18080,
                services: [
                    service("account", "branch feature/login-error", "Healthy", "http://10.210.0.2:8080"),
                    service("payment", "baseline", "-", "http://payment.shared.example:80"),
                    service("web", "branch main", "Healthy", "http://10.210.0.3:8080"),
                ],
                updatedAt: noon),
            SandboxStatus(
                sandbox: Sample.name("qa-cron"), title: "qa-cron", phase: .degraded,
                message:
                    "account: await health of sandbox-qa-cron-account: GET /health answered 500 five times in a row",
                attempted: Sample.commit("a"), applied: Sample.commit("9"), healthy: Sample.commit("1"),
                cause: "manifests/qa-cron.yaml:12  (Wei 魏, aaaaaaa)", port: 18081,
                services: [
                    service("account", "branch fix", "Unhealthy", "starting"),
                    service("jobs", "branch main", "Healthy", ""),
                    service("mail", "branch main", "Starting", ""),
                ],
                updatedAt: noon),
            SandboxStatus(
                sandbox: Sample.name("pr-17-with-a-branch-name-that-somebody-liked-very-much"), title: "pr-17",
                phase: .suspended, attempted: Sample.commit("9"), cause: "manifests/pr.yaml:1", updatedAt: noon),
        ],
        fleet: FleetStatus(
            branch: "main", head: Sample.revision(),
            notices: [
                "manifests/broken.yaml:3:9: error: unknown key \"imgae\"; did you mean \"image\"?",
                "5 deletion(s) wait for consent (more than 3 and more than 20 % of 8): berth reconcile --allow-deletions 5",
                "node micro-92 is away: look at node micro-92: connection refused",
            ],
            updatedAt: noon, processID: 4711),
        daemon: .running(processID: 4711), now: after(3_400))

    static let unkept = Standing(
        sandboxes: standing.sandboxes, fleet: standing.fleet, daemon: .notRunning, now: after(320_000))

    private static func service(
        _ name: String, _ use: String, _ health: String, _ target: String
    ) -> SandboxStatus.Service {
        SandboxStatus.Service(name: Sample.name(name), use: use, health: health, target: target)
    }

    static func event(
        _ milliseconds: Int64, _ kind: String, _ message: String, sandbox: String? = "qa-login-error",
        service: String? = nil, cause: String = "manifests/qa.yaml:3  (Achmad, 9999999)"
    ) -> EventRecord {
        EventRecord(
            at: after(milliseconds), sandbox: sandbox.map { Sample.name($0) }, service: service.map { Sample.name($0) },
            kind: kind, message: message, cause: cause, revision: Sample.commit("9"))
    }

    static let events: [StoredEvent] = [
        event(-60_000_000, "revision.seen", "qa: retry", sandbox: nil, cause: "commit 9999999 by Achmad"),
        event(-1000, "pass.started", "8 step(s)"),
        event(0, "step.completed", "start sandbox-qa-login-error-account", service: "account"),
        event(
            900, "step.failed",
            "await health of sandbox-qa-login-error-web: await health of sandbox-qa-login-error-web: GET /health "
                + "answered 500\nlast output: \u{1b}[31mno such table\u{1b}[0m: 利用者",
            service: "web"),
        event(1000, "pass.failed", "await health of sandbox-qa-login-error-web: it did not answer"),
        event(2000, "drift", "1 step(s)", sandbox: "qa-cron", cause: "account died (exit 137)"),
        event(3000, "notice", "node micro-92 is away", sandbox: nil, cause: ""),
    ].enumerated().map { StoredEvent(id: Int64($0.offset + 1), event: $0.element) }

    static let passes: [PassSummary] = [
        pass(3, "qa-login-error", nil, nil, ""),
        pass(2, "qa-cron", .failed, 12_500, "await health of sandbox-qa-cron-account: GET /health answered 500"),
        pass(1, nil, .applied, 800, ""),
    ]

    private static func pass(
        _ id: Int64, _ sandbox: String?, _ outcome: PassOutcome?, _ took: Int64?, _ message: String
    ) -> PassSummary {
        PassSummary(
            id: PassID(id),
            record: PassRecord(
                sandbox: sandbox.map { Sample.name($0) }, revision: Sample.commit("9"),
                cause: "manifests/qa.yaml:3  (Achmad, 9999999)", startedAt: after(id * 60_000), plan: "", steps: 8),
            outcome: outcome, endedAt: took.map { after(id * 60_000 + $0) }, message: message)
    }

    static let problems = [
        ManifestProblem(
            .warning, at: Place(file: "b.yaml", line: 2, column: 1), code: "unused", "template \"old\" is not used"),
        ManifestProblem(
            at: Place(file: "apps/web.yaml", line: 12, column: 5), code: "unknown-key",
            "unknown key \"imgae\"; did you mean \"image\"?"),
        ManifestProblem(
            at: Place(file: "apps/a,b:c%.yaml", line: 1, column: 1), code: "syntax", "100% wrong:\r\nsee line 1"),
    ]
}
