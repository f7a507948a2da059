internal import Foundation
internal import Glibc

/// `gateway-bench FOLDER [--json FILE] [--quick] [--only berth,nginx,caddy,map,law]`
///
/// Everything it makes is below FOLDER; `scripts/bench-gateway` gives it a new one and clears up behind it. Ends with 1
/// where a budget is missed, with 2 where nothing could be measured.
@main struct GatewayBench {
    static let sandboxes = 1_000
    /// What takes a second for a flip is not waited for until it has done as much as what takes a millisecond.
    static let rivalSeconds = 10.0

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            let options = try Options(Array(CommandLine.arguments.dropFirst()))
            let report = try await measure(options)
            Output.say("\n\(report.text)")
            if let path = options.json {
                try report.write(to: path)
                Output.say("\nAs JSON: \(path)")
            }
            exit(report.budgets.allSatisfy(\.isMet) ? 0 : 1)
        } catch {
            FileHandle.standardError.write(Data("gateway-bench: \(error)\n".utf8))
            exit(2)
        }
    }

    private static func measure(_ options: Options) async throws -> Report {
        guard let targets = TargetServer() else { throw BenchError("the targets find no port") }
        defer { targets.stop() }
        let start = ContinuousClock.now
        let world = World(sandboxes: sandboxes, port: targets.port)
        let contest = Contest(world: world, amount: options.amount)
        var rivalAmount = options.amount
        rivalAmount.loadedSeconds = min(rivalAmount.loadedSeconds, rivalSeconds)
        let rivalContest = Contest(world: world, amount: rivalAmount)
        var report = Report(
            machine: .now, routes: world.routes.count, connections: Load.connections, amount: options.amount)

        if options.does("berth") {
            Output.say("berth on HAProxy: laying \(report.routes) routes, then flips …")
            report.contests.append(try await contest.run(try BerthGateway(world, in: options.folder)))
        }
        for rival in rivals(world, options, &report) {
            Output.say("\(rival.title): the same …")
            do {
                report.contests.append(try await rivalContest.run(rival))
            } catch {
                report.gaps.append("\(rival.title): \(error)")
            }
        }
        if options.does("map") {
            for size in FullMap.sizes {
                Output.say("a table of \(size) routes …")
                let map = FullMap(targets: targets.port, directory: options.folder, rounds: options.amount.rounds)
                report.fullMaps.append(try await map.run(size))
            }
        }
        if options.does("law") {
            Output.say("the cost of the law …")
            let cost = LawCost(world: world, directory: options.folder, rounds: options.amount.rounds)
            report.law = try await cost.run()
        }
        report.seconds = (ContinuousClock.now - start).seconds
        if options.does("berth") { report.judge() }
        return report
    }

    private static func rivals(_ world: World, _ options: Options, _ report: inout Report) -> [any Contestant] {
        var rivals: [any Contestant] = []
        func add(_ name: String, _ executable: String, _ contestants: [any Contestant]) {
            guard options.does(name) else { return }
            guard access(executable, X_OK) == 0 else {
                report.gaps.append("\(name): \(executable) is not installed; run scripts/install-packages bench")
                return
            }
            rivals += contestants
        }
        add("nginx", Nginx.executable, [Nginx(world, in: options.folder)])
        let folder = options.folder
        add(
            "caddy", Caddy.executable, [Caddy(world, in: folder, by: .patch), Caddy(world, in: folder, by: .load)])
        return rivals
    }
}

/// What is asked for.
struct Options {
    let folder: String
    private(set) var json: String?
    private(set) var amount = Contest.Amount()
    private var only: Set<String> = []

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        guard let folder = rest.popFirst(), !folder.hasPrefix("-") else {
            throw BenchError("usage: gateway-bench FOLDER [--json FILE] [--quick] [--only PART,…]")
        }
        self.folder = folder
        while let option = rest.popFirst() {
            switch option {
            case "--json": json = rest.popFirst()
            case "--only": only = Set((rest.popFirst() ?? "").split(separator: ",").map(String.init))
            case "--quick":
                amount = Contest.Amount(
                    rounds: 2, idleFlips: 20, idleSeconds: 3, loadedFlips: 10, loadedRequests: 5_000, loadedSeconds: 4)
            default: throw BenchError("there is no option \(option)")
            }
        }
    }

    func does(_ part: String) -> Bool { only.isEmpty || only.contains(part) }
}
