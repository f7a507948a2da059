/// The same work for every gateway: flips while nobody asks, then flips while everybody asks, with connections open
/// all the time.
struct Contest {
    /// How much is done; what is not done when the time is over is left.
    struct Amount: Sendable, Codable {
        var rounds = 5
        var idleFlips = 100
        var idleSeconds = 5.0
        var loadedFlips = 40
        var loadedRequests = 64_000
        var loadedSeconds = 60.0
        /// How often a gateway that ended by itself is started again.
        var revivals = 20
    }

    struct Result: Sendable, Codable {
        let title: String
        let method: String
        /// Until every route led to its branch.
        let startSeconds: Double
        /// Of all its processes, when it had just started and at the end.
        let memoryAtStart: Double
        let memoryAtEnd: Double
        let processesAtEnd: Int
        /// How often it ended by itself and was started again.
        let crashes: Int
        let idle: FlipFigures
        let loaded: FlipFigures
        let requests: Int
        let requestsPerSecond: Double
        /// Of requests, in milliseconds.
        let latencyP50: Double
        let latencyP99: Double
        let latencyWorst: Double
        let failed: Int
        let failures: [String: Int]
        let examples: [String]
        let streams: OpenStreams.Count
        /// Why it did not come to its end, where it did not.
        let end: String?
    }

    let world: World
    let amount: Amount

    func run(_ contestant: any Contestant) async throws -> Result {
        let start = ContinuousClock.now
        do {
            try await contestant.start()
            let result = try await measure(contestant, startSeconds: (ContinuousClock.now - start).seconds)
            await contestant.stop()
            return result
        } catch {
            await contestant.stop()
            throw error
        }
    }

    private func measure(_ contestant: any Contestant, startSeconds: Double) async throws -> Result {
        let memoryAtStart = Processes.memory(of: contestant.processes())
        let board = Board(routes: world.flipped.count)
        let prober = Prober(of: contestant.port)
        defer { prober.stop() }
        for route in world.busy where prober.moment(of: route, at: route.branch, within: Flipping.limit) == nil {
            throw BenchError("\(contestant.title) does not route \(route.key) to its branch")
        }
        let streams = OpenStreams(through: contestant.port, of: world.flipped[0])
        guard wait(seconds: 10, until: { streams.now.echoes > 0 && streams.now.events > 0 }) else {
            _ = streams.stop()
            throw BenchError("\(contestant.title) passes no WebSocket or no events")
        }
        var flipping = Flipping(contestant, world, prober, board)
        flipping.revivals = amount.revivals
        var idle: [[Flip]] = []
        var loaded: [[Flip]] = []
        var count = Load.Count()
        var end: String?
        do {
            for _ in 0..<amount.rounds { try await rest(&flipping, &idle) }
            for _ in 0..<amount.rounds { try await press(&flipping, board, &loaded, &count) }
        } catch {
            end = "\(error)"
        }
        let latencies = count.latencies.map { Double($0) / 1000 }
        let opened = streams.stop()
        let processes = contestant.processes()
        return Result(
            title: contestant.title, method: contestant.method, startSeconds: startSeconds,
            memoryAtStart: memoryAtStart, memoryAtEnd: Processes.memory(of: processes),
            processesAtEnd: processes.count, crashes: flipping.crashes, idle: FlipFigures(idle),
            loaded: FlipFigures(loaded),
            requests: count.requests, requestsPerSecond: Double(count.requests) / max(count.seconds, 0.001),
            latencyP50: latencies.part(0.5), latencyP99: latencies.part(0.99), latencyWorst: latencies.max() ?? 0,
            failed: count.failed,
            failures: Dictionary(uniqueKeysWithValues: count.failures.map { ($0.key.rawValue, $0.value) }),
            examples: count.examples, streams: opened, end: end)
    }

    private func rest(_ flipping: inout Flipping, _ rounds: inout [[Flip]]) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(amount.idleSeconds))
        rounds.append([])
        while rounds[rounds.count - 1].count < amount.idleFlips, ContinuousClock.now < end {
            rounds[rounds.count - 1].append(try await flipping.flip())
        }
    }

    private func press(
        _ flipping: inout Flipping, _ board: Board, _ rounds: inout [[Flip]], _ count: inout Load.Count
    ) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(amount.loadedSeconds))
        let load = Load(
            to: flipping.contestant.port, routes: world.busy, flipped: world.flipped.count, board: board)
        defer { count.add(load.stop()) }
        rounds.append([])
        while rounds[rounds.count - 1].count < amount.loadedFlips || load.requests < amount.loadedRequests,
            ContinuousClock.now < end
        {
            rounds[rounds.count - 1].append(try await flipping.flip())
        }
    }
}
