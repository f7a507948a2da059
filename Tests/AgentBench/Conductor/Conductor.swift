internal import AgentProtocol
internal import Foundation
internal import Glibc
internal import SQLiteJournal

/// Starts a controller and its agents, and measures what they do.
struct Conductor {
    /// How long the longest of all may take, in seconds.
    private static let patience = 600.0
    /// How long a controller has to see that its agents have left, in seconds.
    private static let leaving = 3.0
    /// Orders before those that count.
    private static let warmUp = 50

    private let options: Options

    init(_ options: Options) { self.options = options }

    private var amount: Options.Amount { options.amount }

    func run(_ report: inout Report) async throws {
        try OpenFiles.allow(options.agents)
        Output.say("this machine's floor, and one observation …")
        report.floors = try Floors(in: options.folder, rounds: amount.orders)
        report.frame = try FrameCost(containers: options.containers)

        var (controller, port) = try controller(port: 0)
        defer { controller.kill() }
        Output.say("a controller without agents, \(Int(amount.emptySeconds)) s …")
        report.memory.before = Processes.memory(of: controller.id)
        report.rest.empty = try processorShare(of: controller, .rest(seconds: amount.emptySeconds, withLooks: false))

        var agents = try [0..<options.returning, options.returning..<options.agents].map { try self.agents($0, port) }
        defer { for child in agents { child.kill() } }
        Output.say("\(options.agents) agents join by tokens, one after the other …")
        for child in agents { report.join += try child.ask(.join, within: Self.patience) }

        Output.say("all of them dial at once …")
        report.start = try gathering(options.agents, controller, agents)
        report.memory.seen = Processes.memory(of: controller.id)
        report.memory.agents = agents.reduce(0) { $0 + Processes.memory(of: $1.id) }

        Output.say("at rest, \(Int(amount.restSeconds * 2)) s …")
        report.rest.beats = try processorShare(of: controller, .rest(seconds: amount.restSeconds, withLooks: false))
        report.rest.looks = try processorShare(of: controller, .rest(seconds: amount.restSeconds, withLooks: true))
        try look(controller, agents, &report)
        try act(controller, &report)
        report.memory.most = Processes.mostMemory(of: controller.id)

        Output.say("all agents leave, \(options.returning) come back, and their controller is killed …")
        for child in agents { child.kill() }
        try await proveJournal()
        wait(Self.leaving)
        report.memory.after = Processes.memory(of: controller.id)
        agents = [try self.agents(0..<options.returning, port)]
        _ = try gathering(options.returning, controller, agents)
        let killed = ContinuousClock.now
        controller.kill()
        (controller, _) = try self.controller(port: port)
        report.outage = killed.duration(to: .now).seconds
        report.reunion = Gathering(
            try controller.ask(.gather(count: options.returning), within: Self.patience))
    }

    private func look(_ controller: Child, _ agents: [Child], _ report: inout Report) throws {
        Output.say("looks at all \(options.agents) nodes …")
        report.looks.same = Figure(try controller.ask(.look(rounds: amount.looks, isNew: false), within: Self.patience))
        for child in agents { _ = try child.ask(.change(true)) }
        report.looks.new = Figure(
            try controller.ask(.look(rounds: amount.looks, isNew: true), within: Self.patience))
        for child in agents { _ = try child.ask(.change(false)) }
    }

    private func act(_ controller: Child, _ report: inout Report) throws {
        Output.say("orders …")
        func orders(_ node: Int) throws -> Spread {
            _ = try controller.ask(.order(node: node, count: Self.warmUp), within: Self.patience)
            return Spread(try controller.ask(.order(node: node, count: amount.orders), within: Self.patience))
        }
        report.orders.durable = try orders(AgentsRole.durable)
        report.orders.volatile = try orders(AgentsRole.volatile)
        var times = try controller.ask(.orderAll, within: Self.patience)
        report.orders.allOfThem = times.popLast() ?? 0
        report.orders.everywhere = Spread(times)
    }

    /// That the orders of the one agent were entered on the disk indeed, the last of them too.
    private func proveJournal() async throws {
        let log = try SQLiteOrderLog(path: AgentsRole.journal(in: options.folder))
        let last = Order.ID(try await log.highestEpoch(), UInt64(Self.warmUp + amount.orders))
        guard try await log.entry(last)?.outcome == .done(nil) else {
            throw BenchError("order \(last) was done and is not in the agent's journal")
        }
    }

    // MARK: Its processes

    private func controller(port: Int) throws -> (Child, port: Int) {
        let child = try Child(
            ControllerRole.word, [options.folder, "\(port)", "\(options.agents)", "\(options.containers)"])
        guard let port = try child.hear(within: Self.patience).first else {
            throw BenchError("the controller does not say where it listens")
        }
        return (child, Int(port))
    }

    private func agents(_ which: Range<Int>, _ port: Int) throws -> Child {
        try Child(
            AgentsRole.word,
            [options.folder, "\(port)", "\(which.lowerBound)", "\(which.count)", "\(options.containers)"])
    }

    /// From the moment that agents begin to dial.
    private func gathering(_ count: Int, _ controller: Child, _ agents: [Child]) throws -> Gathering {
        try controller.send(.gather(count: count))
        for child in agents { try child.send(.dial) }
        let gathering = Gathering(try controller.hear(within: Self.patience))
        for child in agents { _ = try child.hear(within: Self.patience) }
        return gathering
    }

    /// Of one core, in percent, while it does that.
    private func processorShare(of child: Child, _ request: Request) throws -> Double {
        let (start, used) = (ContinuousClock.now, Processes.processorSeconds(of: child.id))
        _ = try child.ask(request, within: Self.patience)
        let seconds = start.duration(to: .now).seconds
        return (Processes.processorSeconds(of: child.id) - used) / seconds * 100
    }

    private func wait(_ seconds: Double) { usleep(useconds_t(seconds * 1e6)) }
}
