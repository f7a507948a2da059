internal import ArgumentParser
internal import Docker
internal import Foundation
internal import Logging
internal import Model
internal import Planner
internal import Reconciler
internal import SQLiteJournal

struct DestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy", abstract: "Remove everything this installation made on this machine.",
        discussion: "Manifests and the data directory stay. What is not ours is not touched.")

    /// How many workpieces are named.
    private static let mostNames = 5

    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions

    @Flag(help: "Do it. Without this flag nothing happens but a list of what would go.")
    var yes = false

    func run() async throws {
        guard data.directory.exists else {
            return Terminal.say("Nothing to remove: \(data.directory.path) holds no installation.")
        }
        let logger = Logger.standard(.error)
        let making = try WorkshopOptions.parse([])
        let done: Void? = try await Installation.opened(data, node, making, logger: logger) { try await destroy($0) }
        guard done != nil else { throw Complaint("a berth still acts for \(data.directory.path); stop it first") }
    }

    private func destroy(_ installation: Installation) async throws {
        let known = try await installation.journal.openEntries().first?.node.text
        let name = try NodeName(slugging: node.node ?? known ?? "local")
        let host = installation.host(for: name)
        let inputs = try await look(host, name)
        guard yes else {
            for sandbox in inputs.existing.sorted() { Terminal.say("would remove sandbox \(sandbox)") }
            if let made = Self.title(pieces(in: inputs, on: name)) { Terminal.say("would remove \(made)") }
            for gateway in try await gateways(installation) { Terminal.say("would remove gateway \(gateway)") }
            return Terminal.say("Nothing was done. To do it: berth destroy --yes")
        }
        try await installation.leased {
            try await installation.rename(to: name)
            try await remove(inputs, on: name, host, installation)
        }
    }

    private func remove(
        _ inputs: FleetPlan.Inputs, on name: NodeName, _ host: NodeHost, _ installation: Installation
    ) async throws {
        for gateway in try await gateways(installation) {
            try await installation.gateways.dismantle(gateway)
            Terminal.say("removed gateway \(gateway)")
        }
        let pass = Pass(
            hosts: [name: host], journal: installation.journal, pools: try await Pools(journal: installation.journal),
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
        for piece in pieces(in: inputs, on: name) {
            let result = await pass.run(.workpiece(piece), toward: tidying)
            guard result.complaints.isEmpty else {
                throw Complaint("workpiece \(piece) is not removed: \(result.complaints.joined(separator: "; "))")
            }
        }
        if let made = Self.title(pieces(in: inputs, on: name)) { Terminal.say("removed \(made)") }
        let after = try await look(host, name)
        let residue = after.existing.map(\.text) + pieces(in: after, on: name).map(\.text)
        let open = try await installation.journal.openEntries().count
        guard residue.isEmpty, open == 0 else {
            throw Complaint(
                "left behind: \(residue.sorted().joined(separator: ", ")), \(open) ledger entries")
        }
        Terminal.say("Residue: 0 containers, 0 networks, 0 routes, 0 ports.")
    }

    private func look(_ host: NodeHost, _ name: NodeName) async throws -> FleetPlan.Inputs {
        guard let none = CommitID(String(repeating: "0", count: 40)) else { preconditionFailure("40 zeros") }
        let nothing = DesiredState(
            revision: Revision(commit: none, author: "", committedAt: .now, subject: "berth destroy"))
        let observed = try await host.observe(Inquiry())
        return FleetPlan.Inputs(desired: nothing, observed: [name: observed])
    }

    private func pieces(in inputs: FleetPlan.Inputs, on name: NodeName) -> [Workpiece.ID] {
        inputs.observed[name]?.workshop.pieces.keys.sorted() ?? []
    }

    /// `what was made of 3 commits: account@4be1c2d, web@9f3c1e2, …`; `nil` of none.
    private static func title(_ pieces: [Workpiece.ID]) -> String? {
        guard !pieces.isEmpty else { return nil }
        let names = pieces.prefix(mostNames).map(\.spoken).joined(separator: ", ")
        return "what was made of \(pieces.count) commit\(pieces.count == 1 ? "" : "s"): \(names)"
            + (pieces.count > mostNames ? ", …" : "")
    }

    private func gateways(_ installation: Installation) async throws -> [GatewayName] {
        try await installation.gateways.gateways(except: []).keys.sorted()
    }
}
