/// What it costs a request that our gateway decides by its law, beside a map in a configuration written by hand.
struct LawCost {
    private static let seconds = 3.0

    struct Result: Sendable, Codable {
        struct Side: Sendable, Codable {
            let requestsPerSecond: Figure?
            /// Processor time of the proxy for a request, in microseconds.
            let processorMicros: Figure?
        }
        let law: Side
        let plain: Side
        /// Of rounds, in each of which both had their turn.
        let requestsRatio: Figure?
        let processorRatio: Figure?
        let failed: Int
    }

    fileprivate struct Turn {
        let requestsPerSecond: Double
        let processorMicros: Double
        let failed: Int
    }

    let world: World
    let directory: String
    let rounds: Int

    func run() async throws -> Result {
        let berth = try BerthGateway(world, in: "\(directory)/law")
        let plain = PlainProxy(world, in: directory)
        do {
            try await berth.startFull()
            try await plain.start()
            var turns: [(law: Turn, plain: Turn)] = []
            for _ in 0..<rounds { turns.append((law: try await turn(berth), plain: try await turn(plain))) }
            await berth.stop()
            await plain.stop()
            return Result(turns)
        } catch {
            await berth.stop()
            await plain.stop()
            throw error
        }
    }

    private func turn(_ contestant: any Contestant) async throws -> Turn {
        let before = Processes.processorSeconds(of: contestant.processes())
        let load = Load(to: contestant.port, routes: world.busy, flipped: 0, board: Board(routes: 0))
        try await ContinuousClock().sleep(for: .seconds(Self.seconds))
        let count = load.stop()
        let used = Processes.processorSeconds(of: contestant.processes()) - before
        return Turn(
            requestsPerSecond: Double(count.requests) / count.seconds,
            processorMicros: used * 1e6 / Double(max(1, count.requests)), failed: count.failed)
    }
}

extension LawCost.Result {
    fileprivate init(_ turns: [(law: LawCost.Turn, plain: LawCost.Turn)]) {
        law = Side(
            requestsPerSecond: Figure(turns.map(\.law.requestsPerSecond)),
            processorMicros: Figure(turns.map(\.law.processorMicros)))
        plain = Side(
            requestsPerSecond: Figure(turns.map(\.plain.requestsPerSecond)),
            processorMicros: Figure(turns.map(\.plain.processorMicros)))
        requestsRatio = Figure(turns.map { $0.law.requestsPerSecond / max(1, $0.plain.requestsPerSecond) })
        processorRatio = Figure(turns.map { $0.law.processorMicros / max(0.01, $0.plain.processorMicros) })
        failed = turns.reduce(0) { $0 + $1.law.failed + $1.plain.failed }
    }
}
