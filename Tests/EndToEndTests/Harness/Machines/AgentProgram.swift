internal import Foundation

/// `berth agent` on a machine, with a data directory of its own.
final class AgentProgram {
    let node: String
    let machine: Machine
    let data: String
    private let seat: Seat
    private(set) var program: Program?

    /// What all agents of a site have in common.
    struct Seat {
        let controller: Machine
        let binary: String
        let scratch: String
    }

    /// Its data directory is named as its node.
    init(_ node: String, on machine: Machine, _ seat: Seat) {
        self.node = node
        self.machine = machine
        self.seat = seat
        data = seat.scratch + "/" + node
    }

    var said: String { program?.said ?? "it never ran" }

    /// `more` are further words of the command line.
    func start(_ more: [String] = [], with variables: [String: String] = [:]) throws {
        precondition(program == nil, "it runs already")
        program = try machine.start(
            [seat.binary, "agent", "--controller", "\(seat.controller.address):\(Site.agentsPort)", "--data", data]
                + more,
            environment: Site.variables(machine.host, seat.scratch, variables), scratch: seat.scratch)
    }

    @discardableResult
    func stop(within bound: Duration = .seconds(25)) async throws -> Outcome? {
        guard let program else { return nil }
        program.send(SIGTERM)
        self.program = nil
        return try await program.end(within: bound)
    }

    /// Waits until it ends by itself.
    func end(within bound: Duration) async throws -> Outcome? {
        defer { program = nil }
        return try await program?.end(within: bound)
    }

    /// As a power cut would, but that the machine stays; also where somebody else has done it.
    func kill() async throws {
        guard let program else { return }
        program.send(SIGKILL)
        self.program = nil
        _ = try await program.end(within: .seconds(10))
    }

    // MARK: Its journal

    /// An order as the agent entered it.
    struct Order: Decodable, Sendable {
        let epoch: Int
        let number: Int
        let action: String
        /// `nil` while it is under way.
        let outcome: String?
        let message: String?
    }

    /// What happens to an order.
    enum Turn: String, CaseIterable, Sendable {
        case begun, ended

        fileprivate var condition: String {
            switch self {
            case .begun: "1"
            case .ended: "outcome IS NOT NULL"
            }
        }
    }

    func orders() async throws -> [Order] {
        let script = """
            import json, sqlite3, sys
            db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
            names = ["epoch", "number", "action", "outcome", "message"]
            rows = db.execute("SELECT " + ", ".join(names) + " FROM ordered ORDER BY epoch, number")
            print(json.dumps([dict(zip(names, row)) for row in rows]))
            """
        let text = try await machine.must(["python3", "-c", script, data + "/agent.sqlite"])
        return try JSONDecoder().decode([Order].self, from: Data(text.utf8))
    }

    /// A program that kills the agent as soon as so many orders have come as far as that, and then ends with 0.
    func assassin(at turn: Turn, of count: Int) throws -> Program {
        let script = """
            import os, sqlite3, sys, time
            db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
            end = time.monotonic() + 120
            while db.execute("SELECT count(*) FROM ordered WHERE \(turn.condition)").fetchone()[0] < int(sys.argv[2]):
                if time.monotonic() > end: sys.exit(3)
                time.sleep(0.001)
            os.kill(int(sys.argv[3]), 9)
            """
        guard let program else { throw Trouble("the agent of \(node) does not run") }
        return try machine.start(
            ["python3", "-c", script, data + "/agent.sqlite", String(count), String(program.id)], scratch: seat.scratch)
    }
}
