/// Flips the routes of a world in turn, each to its other side, and measures how long that takes.
struct Flipping {
    /// How long the first answer of the new target is waited for.
    static let limit = Duration.seconds(20)
    /// Before each flip, in which the prober gets to its pace.
    private static let breath = Duration.milliseconds(10)

    let contestant: any Contestant
    let prober: Prober
    let board: Board
    /// How often a gateway that ended by itself is started again, and how often that was needed.
    var revivals = 0
    private(set) var crashes = 0
    private let routes: [World.Route]
    private var sides: [World.Side]
    private var next = 0

    init(_ contestant: any Contestant, _ world: World, _ prober: Prober, _ board: Board) {
        self.contestant = contestant
        self.prober = prober
        self.board = board
        routes = world.flipped
        sides = routes.map { _ in .branch }
    }

    mutating func flip() async throws -> Flip {
        let index = next % routes.count
        next += 1
        let route = routes[index]
        let side = sides[index].other
        sides[index] = side
        board.begin(index, to: side)
        prober.begin(route, at: route.address(side))
        try await ContinuousClock().sleep(for: Self.breath)
        let start = ContinuousClock.now
        do {
            try await contestant.flip(route, to: side)
        } catch {
            try await revive(after: error)
        }
        let returned = ContinuousClock.now - start
        let seen = prober.end(within: Self.limit)
        if seen != nil { board.settle(index) }
        return Flip(effective: seen.map { ($0 - start).millis }, returned: returned.millis)
    }

    /// Starts a gateway that is gone again, with the table as it should be by now.
    private mutating func revive(after error: any Error) async throws {
        let isGone = wait(seconds: 2) { !contestant.processes().contains(where: Processes.isAlive) }
        guard isGone, crashes < revivals else { throw error }
        crashes += 1
        try await contestant.start()
    }
}
