/// What the size of the table costs our gateway: memory, the start from its files, a flip, a look at all of it.
struct FullMap {
    static let sizes = [0, 4_000, 50_000]
    private static let flips = 50

    struct Result: Sendable, Codable {
        let routes: Int
        /// From the call until the proxy answers, in milliseconds; its files are there.
        let start: Figure?
        /// Of the proxy, in MiB.
        let memory: Figure?
        /// To the first answer of the new target and to the driver's return, in milliseconds.
        let flip: FlipFigures
        let survey: Figure?
    }

    let targets: UInt16
    let directory: String
    let rounds: Int

    func run(_ size: Int) async throws -> Result {
        let world = World(sandboxes: max(1, size / World.services.count), port: targets)
        let berth = try BerthGateway(world, in: "\(directory)/full-\(size)")
        do {
            let result = try await measure(berth, size)
            await berth.stop()
            return result
        } catch {
            await berth.stop()
            throw error
        }
    }

    private func measure(_ berth: BerthGateway, _ size: Int) async throws -> Result {
        if size > 0 { try await berth.startFull() } else { try await berth.startFromFiles() }
        var starts: [Double] = []
        var memory: [Double] = []
        for _ in 0..<rounds {
            try berth.crash()
            let start = ContinuousClock.now
            try await berth.startFromFiles()
            starts.append((ContinuousClock.now - start).millis)
            memory.append(Processes.memory(of: berth.processes()))
        }
        if size == 0 { try await berth.start() }
        let prober = Prober(of: berth.port)
        defer { prober.stop() }
        var flipping = Flipping(berth, berth.world, prober, Board(routes: berth.world.flipped.count))
        var flips: [[Flip]] = []
        for _ in 0..<rounds {
            var round: [Flip] = []
            for _ in 0..<Self.flips / rounds { round.append(try await flipping.flip()) }
            flips.append(round)
        }
        var surveys: [Double] = []
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            let live = try await berth.look()
            surveys.append((ContinuousClock.now - start).millis)
            let expected = berth.world.routes.count + World.services.count
            guard live.routes == expected, live.isCurrent else {
                let state = live.isCurrent ? "current" : "not current"
                throw BenchError("the gateway has \(live.routes) of \(expected) routes and is \(state)")
            }
        }
        return Result(
            routes: size, start: Figure(starts), memory: Figure(memory), flip: FlipFigures(flips),
            survey: Figure(surveys))
    }
}
