import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// The real planner and passes on services made of commits, against a host that fails as its seed says, while branches
/// move, disappear and come back, and some commits cannot be built. The same seed is the same run.
@Suite struct WorkshopSimulation {
    @Test("Safe while host and repositories fail, done soon after they heal", arguments: 0..<200 as Range<UInt64>)
    func converges(seed: UInt64) async throws {
        let run = try await Run.of(seed: seed)
        let trace = Comment(rawValue: run.trace.joined(separator: "\n"))
        #expect(run.breaches.isEmpty, "\(run.breaches)\n\(trace)")
        #expect(run.last.allSatisfy { $0 == .unchanged }, trace)
        #expect(
            run.world.containers.compactMap { $0.ownership.mark?.origin?.commit }
                == Array(repeating: Run.final, count: 2), trace)
        #expect(run.world.containers.allSatisfy { $0.state == .running }, trace)
        #expect(run.world.serving.count == 2, trace)
        // What nobody refers to is gone, and the ledger knows what there is and nothing else.
        #expect(run.world.workshop.pieces.values.map(\.commit) == [Run.final], trace)
        let things =
            run.world.containers.compactMap(\.ownership.mark?.uid)
            + run.world.networks.compactMap(\.ownership.mark?.uid)
            + run.world.workshop.pieces.values.compactMap(\.uid)
        #expect(run.openEntries == Set(things), trace)
    }

    @Test func sameSeedSameStory() async throws {
        #expect(try await Run.of(seed: 7).trace == Run.of(seed: 7).trace)
    }

    @Test("It meets what it is about: builds that fail, that are lost, that happen twice")
    func meetsTrouble() async throws {
        var met: Set<String> = []
        for seed in 0..<60 as Range<UInt64> {
            for line in try await Run.of(seed: seed).trace where line.contains(" build ") {
                met.insert(String(line.prefix { $0 != " " }))
            }
        }
        #expect(met.isSuperset(of: ["done", "lostRequest", "lostReply", "twice", "died"]))
    }

    struct Run {
        static let final = Sample.commit("9")

        var last: [Pass.Result.Verdict] = []
        var trace: [String]
        var breaches: [String]
        var world: World
        var openEntries: Set<ResourceUID>

        static func of(seed: UInt64) async throws -> Run {
            let host = SimulatedHost(seed: seed, node: Sample.node, images: ["runtime:1"])
            let bench = try await Bench(host)
            var random = SplitMix64(seed: ~seed)
            let recipes: [Recipe] = [
                .worktree(build: nil, target: "/app"),
                .worktree(build: HostBuild(command: ["make"]), target: "/src"), .image(ImageBuild()),
            ]
            let service = Sample.made(by: recipes[Int(seed % 3)])
            let desired = Sample.desired(
                Sample.sandbox(["account": service], named: "one"), Sample.sandbox(["account": service], named: "two"))
            for _ in 0..<14 {
                let commit = Sample.commit(Array("123456").randomElement(using: &random) ?? "1")
                let dice = Int.random(in: 0..<8, using: &random)
                await host.change { world in
                    switch dice {
                    case 0, 1, 2: world.code[Sample.code()] = .commit(commit)
                    case 3: world.code[Sample.code()] = .gone
                    case 4: world.code[Sample.code()] = .unreachable("simulated")
                    case 5: world.brokenCommits.formSymmetricDifference([commit])
                    default: break
                    }
                }
                if dice == 6 { await host.disturb() }
                await bench.round(toward: desired)
            }
            await host.heal()
            await host.change { world in
                world.brokenCommits = []
                world.code[Sample.code()] = .commit(final)
            }
            for _ in 0..<4 { await bench.round(toward: desired) }
            let last = await bench.round(toward: desired)
            await bench.collect(on: host, toward: desired)
            return Run(
                last: last, trace: await host.trace, breaches: await host.breaches, world: await host.world,
                openEntries: Set(await bench.journal.open.keys))
        }
    }
}

extension Bench {
    /// One pass of everything: the gateway, the sandboxes, and what they wait for.
    @discardableResult
    fileprivate func round(toward desired: DesiredState) async -> [Pass.Result.Verdict] {
        var verdicts = [await run(toward: desired, .gateway(Sample.gatewayName)).verdict]
        var orders: [Workpiece.ID: PieceOrder] = [:]
        for name in desired.sandboxes.keys.sorted() {
            let result = await run(toward: desired, .sandbox(name))
            verdicts.append(result.verdict)
            for wait in result.plan?.waits ?? [] {
                guard case .piece(let piece) = wait.object else { continue }
                orders[piece.id] = PieceOrder(piece: piece, node: Sample.node, sandboxes: [name])
            }
        }
        for (id, order) in orders.sorted(by: { $0.key < $1.key }) {
            var goal = Pass.Goal(desired: desired)
            goal.order = order
            verdicts.append(await pass.run(.workpiece(id), toward: goal).verdict)
        }
        return verdicts
    }

    /// Long after: a pass of every workpiece there is.
    fileprivate func collect(on host: SimulatedHost, toward desired: DesiredState) async {
        await host.change { world in
            for id in world.workshop.pieces.keys {
                world.workshop.pieces[id]?.idleMillis = PlanPolicy.standardKeepMillis
            }
        }
        let entries = await journal.open.values
        let entered = entries.compactMap { $0.sandbox == nil ? Workpiece.ID($0.name) : nil }
        let ids = Set(await host.world.workshop.pieces.keys).union(entered)
        for id in ids.sorted() { _ = await run(toward: desired, .workpiece(id)) }
    }
}
