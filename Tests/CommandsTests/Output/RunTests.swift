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

@Suite("The audit trail of a sandbox")
struct RunTests {
    private static let lost: Workpiece.ID = {
        guard let id = Workpiece.ID("account-555555555555-0a1b2c3d") else { preconditionFailure("a piece's name") }
        return id
    }()

    private static func origin(_ service: String?, _ piece: Workpiece.ID, _ digit: Character) -> PassRecord.Origin {
        PassRecord.Origin(
            service: service.map { Sample.name($0) }, repository: Sample.name("account"), reference: "feature/login",
            commit: Sample.commit(digit), piece: piece,
            environments: service == nil ? [] : [Sample.name("base"), Sample.name("qa")])
    }

    private static func pass(
        _ id: Int64, _ sandbox: String?, at time: Int64, _ outcome: PassOutcome?, took: Int64, message: String = "",
        cause: String = "manifests/qa.yaml:3  (Achmad, 9999999)", revision: Character = "9",
        piece: Workpiece.ID? = nil, origins: [PassRecord.Origin] = []
    ) -> PassSummary {
        PassSummary(
            id: PassID(id),
            record: PassRecord(
                sandbox: sandbox.map { Sample.name($0) }, revision: Sample.commit(revision), cause: cause,
                startedAt: OutputSample.after(time), plan: "", steps: 3, piece: piece, origins: origins),
            outcome: outcome, endedAt: outcome.map { _ in OutputSample.after(time + took) }, message: message)
    }

    private static func steps(
        _ index: Int, _ action: String, _ service: String? = nil, from start: Int64, to end: Int64?,
        _ result: StepRecord.Result = .completed
    ) -> [StepRecord] {
        let times = [(StepRecord.Result.started, Optional(start)), (result, end)]
        // What is skipped was never begun.
        return times.filter { result != .skipped || $0.0 == .skipped }.compactMap { result, time in
            time.map {
                StepRecord(
                    index: index, action: action, service: service.map { Sample.name($0) }, cause: "missing",
                    result: result, at: OutputSample.after($0), message: "")
            }
        }
    }

    /// Two runs of `qa`, and a build that failed after them.
    static let sources = Run.Sources(
        passes: [
            pass(4, "qa", at: 60_000, nil, took: 0, origins: []),
            pass(
                2, "qa", at: 5_000, .applied, took: 3_000,
                origins: [origin("account", PieceProgressTests.piece, "4")]),
        ],
        steps: [
            PassID(1): steps(1, "fetch account feature/login @ 4444444", from: 0, to: 300)
                + steps(2, "checkout account feature/login @ 4444444", from: 300, to: 400)
                + steps(3, "build account feature/login @ 4444444", from: 400, to: 4_600),
            PassID(2): steps(1, "create network sandbox-qa 10.210.0.0/28", from: 5_000, to: 5_100)
                + steps(2, "create sandbox-qa-account from runtime:1", "account", from: 5_100, to: 5_500)
                + steps(3, "create sandbox-qa-web from web:1", "web", from: 5_100, to: 5_600)
                + steps(4, "start sandbox-qa-account", "account", from: 5_500, to: 5_800)
                + steps(5, "await health of sandbox-qa-account", "account", from: 5_800, to: 7_800)
                + steps(6, "route qa:account to account@feature", "account", from: 7_800, to: 7_810)
                + steps(7, "rename sandbox-qa-web to x", "web", from: 7_900, to: 7_900, .skipped),
            PassID(3): steps(1, "fetch account feature/login @ 5555555", from: 30_000, to: 30_100)
                + steps(2, "build account feature/login @ 5555555", from: 30_100, to: 33_000, .failed),
            PassID(4): steps(1, "start sandbox-qa-web", "web", from: 60_000, to: nil),
        ],
        makings: [
            PieceProgressTests.piece: pass(
                1, nil, at: 0, .applied, took: 4_600, piece: PieceProgressTests.piece,
                origins: [origin(nil, PieceProgressTests.piece, "4")]),
            lost: pass(
                3, nil, at: 30_000, .failed, took: 3_000,
                message: "build account feature/login @ 5555555: exit code 2; ./main.go:7: undefined: x",
                cause: "for qa", revision: "a", piece: lost, origins: [origin(nil, lost, "5")]),
        ],
        awaited: [
            PieceProgressTests.awaited(0, "qa"),
            EventRecord(
                at: OutputSample.after(29_000), sandbox: Sample.name("qa"), service: Sample.name("account"),
                kind: "piece.awaited", message: "account feature/login @ 5555555", cause: "", piece: lost),
        ],
        authors: [Sample.commit("a"): "Wei 魏", Sample.commit("4"): "Budi"])

    @Test("At every width: who, which code, how long each stage took", arguments: [60, 100, 160])
    func table(width: Int) throws {
        let display = Display(medium: .terminal(width: width, height: 40), colour: .plain)
        try expectGolden(RunTable(Run.all(of: Self.sources), zone: .utc).text(in: display), "runs-\(width)")
    }

    @Test("In a file nothing is cut")
    func file() throws {
        try expectGolden(RunTable(Run.all(of: Self.sources), zone: .utc).text(in: .file), "runs-file")
    }

    @Test("As JSON: each run with user, repository, branch, commit and stages")
    func json() throws {
        let object = try jsonObject(RunJSON(of: Sample.name("qa"), Run.all(of: Self.sources)).text)
        #expect(object["sandbox"] as? String == "qa")
        let runs = try #require(object["runs"] as? [[String: Any]])
        #expect(runs.map { $0["status"] as? String } == ["running", "failed", "applied"])
        #expect(runs.map { $0["user"] as? String } == ["Achmad", "Wei 魏", "Achmad"])
        let services = try #require(runs[2]["services"] as? [[String: Any]])
        let account = try #require(services.first { $0["service"] as? String == "account" })
        #expect(account["branch"] as? String == "feature/login")
        #expect(account["repository"] as? String == "account")
        #expect(account["commit"] as? String == Sample.commit("4").text)
        let stages = try #require(account["stages"] as? [[String: Any]])
        #expect(
            stages.map { "\($0["stage"] ?? "") \($0["durationMillis"] ?? "")" } == [
                "fetch 300", "checkout 100", "build 4200", "create 400", "start 300", "health 2000", "route 10",
            ])
        let failed = try #require((runs[1]["services"] as? [[String: Any]])?.first)
        #expect((failed["stages"] as? [[String: Any]])?.last?["result"] as? String == "failed")
        let running = try #require((runs[0]["services"] as? [[String: Any]])?.first)
        #expect((running["stages"] as? [[String: Any]])?.first?["durationMillis"] is NSNull)
    }

    @Test("What was made well is no run of the sandbox, whether a pass of its own has used it yet or not")
    func wellMade() {
        var sources = Self.sources
        sources.makings[Self.lost] = nil
        #expect(outcomes(sources) == ["running", "applied"])
        sources.passes.removeLast()
        #expect(outcomes(sources) == ["running"])
        #expect(RunTable([], zone: .utc).text(in: .file) == "no passes yet\n")
    }

    private func outcomes(_ sources: Run.Sources) -> [String] {
        RunTable(Run.all(of: sources), zone: .utc).text(in: .file).split(separator: "\n").dropFirst()
            .filter { !$0.hasPrefix(" ") }.map { String($0.split(separator: " ")[2]) }
    }
}
