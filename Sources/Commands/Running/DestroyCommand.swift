internal import ArgumentParser
internal import Docker
internal import Foundation
internal import Logging
internal import Model
internal import Planner
internal import Reconciler
internal import RemoteHost
internal import SQLiteJournal

struct DestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy", abstract: "Remove everything this installation made.",
        discussion: "Manifests and the data directory stay. What is not ours is not touched.")

    /// How many workpieces are named.
    private static let mostNames = 5

    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var agents: AgentsOptions

    @Flag(help: "Do it. Without this flag nothing happens but a list of what would go.")
    var yes = false

    func run() async throws {
        guard data.directory.exists else {
            return Terminal.say("Nothing to remove: \(data.directory.path) holds no installation.")
        }
        let logger = Logger.standard(.error)
        let making = try WorkshopOptions.parse([])
        let done: Void? = try await Installation.opened(data, node, making, agents, logger: logger) {
            try await destroy($0)
        }
        guard done != nil else { throw Complaint("a berth still acts for \(data.directory.path); stop it first") }
    }

    private func destroy(_ installation: Installation) async throws {
        let journal = installation.journal
        let remote = Set(try await journal.nodeStatuses().filter { $0.connection != .local }.map(\.node))
        let known = Set(try await journal.openEntries().map(\.node))
        let name = try localName(installation, among: known.subtracting(remote))
        let elsewhere = known.intersection(remote)
        guard elsewhere.isEmpty || installation.roster != nil else {
            throw Complaint(
                "what is on \(Self.list(elsewhere)) can only be removed by the agents there: say --agents PORT, as berth "
                    + "serve had it")
        }
        installation.roster?.expect(elsewhere, local: name)
        // Gateways and images are in no ledger: every machine that may dial in is asked.
        let agents = Set(installation.roster?.hosts.served ?? [])
        try await installation.withAgents(of: agents, beside: name, for: ReconcileCommand.arrival) {
            let hosts = installation.hosts(name)
            let inputs = try await look(hosts)
            if yes {
                try await installation.leased {
                    if let name { try await installation.rename(to: name) }
                    try await remove(inputs, hosts, installation)
                }
            } else {
                announce(inputs)
            }
        }
    }

    private func localName(_ installation: Installation, among known: Set<NodeName>) throws -> NodeName? {
        guard installation.local != nil else { return nil }
        return try NodeName(slugging: node.node ?? known.min()?.text ?? "local")
    }

    private func announce(_ inputs: FleetPlan.Inputs) {
        for sandbox in inputs.existing.sorted() { Terminal.say("would remove sandbox \(sandbox)") }
        if let made = Self.title(pieces(in: inputs)) { Terminal.say("would remove \(made)") }
        for (_, gateway) in gateways(in: inputs) { Terminal.say("would remove gateway \(gateway)") }
        Terminal.say("Nothing was done. To do it: berth destroy --yes")
    }

    private func remove(
        _ inputs: FleetPlan.Inputs, _ hosts: any Hosts, _ installation: Installation
    ) async throws {
        for (node, gateway) in gateways(in: inputs) {
            try await hosts[node]?.perform(.dismantleGateway(gateway), as: installation.surroundings.newUID())
            Terminal.say("removed gateway \(gateway)")
        }
        let pass = Pass(
            hosts: hosts, journal: installation.journal, pools: try await Pools(journal: installation.journal),
            surroundings: installation.surroundings)
        for sandbox in inputs.existing.sorted() {
            let result = await pass.run(.sandbox(sandbox), toward: Pass.Goal(desired: inputs.desired))
            guard result.complaints.isEmpty else {
                throw Complaint("sandbox \(sandbox) is not removed: \(result.complaints.joined(separator: "; "))")
            }
            try await installation.journal.forget(sandbox)
            Terminal.say("removed sandbox \(sandbox)")
        }
        var tidying = Pass.Goal(desired: inputs.desired)
        // Nobody goes back to it.
        tidying.policy.keepMillis = 0
        for piece in pieces(in: inputs) {
            let result = await pass.run(.workpiece(piece), toward: tidying)
            guard result.complaints.isEmpty else {
                throw Complaint("workpiece \(piece) is not removed: \(result.complaints.joined(separator: "; "))")
            }
        }
        if let made = Self.title(pieces(in: inputs)) { Terminal.say("removed \(made)") }
        let after = try await look(hosts)
        let residue = after.existing.map(\.text) + pieces(in: after).map(\.text)
        let open = try await installation.journal.openEntries().count
        guard residue.isEmpty, open == 0 else {
            throw Complaint(
                "left behind: \(residue.sorted().joined(separator: ", ")), \(open) ledger entries")
        }
        Terminal.say("Residue: 0 containers, 0 networks, 0 routes, 0 ports.")
    }

    /// Every node has to answer: what cannot be seen cannot be removed.
    private func look(_ hosts: any Hosts) async throws -> FleetPlan.Inputs {
        guard let none = CommitID(String(repeating: "0", count: 40)) else { preconditionFailure("40 zeros") }
        let nothing = DesiredState(
            revision: Revision(commit: none, author: "", committedAt: .now, subject: "berth destroy"))
        var observed: [NodeName: ObservedNode] = [:]
        for (node, observer) in hosts.observers {
            do throws(HostError) { observed[node] = try await observer.observe(Inquiry()) } catch {
                throw Complaint(
                    "\(error). What is there cannot be removed from here; where that machine is gone for good, berth node "
                        + "remove \(node) --yes, and then again")
            }
        }
        return FleetPlan.Inputs(desired: nothing, observed: observed)
    }

    private func pieces(in inputs: FleetPlan.Inputs) -> [Workpiece.ID] {
        Set(inputs.observed.values.flatMap(\.workshop.pieces.keys)).sorted()
    }

    private func gateways(in inputs: FleetPlan.Inputs) -> [(NodeName, GatewayName)] {
        inputs.observed.sorted { $0.key < $1.key }.flatMap { node, observed in
            observed.gateways.keys.sorted().map { (node, $0) }
        }
    }

    private static func list(_ nodes: Set<NodeName>) -> String { nodes.sorted().map(\.text).joined(separator: ", ") }

    /// `what was made of 3 commits: account@4be1c2d, web@9f3c1e2, …`; `nil` of none.
    private static func title(_ pieces: [Workpiece.ID]) -> String? {
        guard !pieces.isEmpty else { return nil }
        let names = pieces.prefix(mostNames).map(\.spoken).joined(separator: ", ")
        return "what was made of \(pieces.count) commit\(pieces.count == 1 ? "" : "s"): \(names)"
            + (pieces.count > mostNames ? ", …" : "")
    }
}
