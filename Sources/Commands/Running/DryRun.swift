internal import Docker
internal import Foundation
internal import Git
internal import Logging
internal import Model
internal import Planner
internal import Reconciler
internal import SQLiteJournal
internal import Workshop

/// The plan of one commit against what the engines and gateways of all nodes say, made without a host that could act.
struct DryRun {
    let plan: FleetPlan
    /// What it was planned from: the manifests and what was seen.
    let inputs: FleetPlan.Inputs
    let heading: String
    /// Every sandbox that is declared or there.
    let known: Set<SandboxName>

    static func take(
        _ repository: RepositoryOptions, _ data: DataOptions, _ node: NodeOptions, _ making: WorkshopOptions,
        revision: String?, only: Set<SandboxName>?, consented: Int
    ) async throws -> DryRun {
        let directory = data.directory
        let scratch = try Scratch()
        let source = try repository.source(mirror: directory.exists ? directory.mirror : scratch.path + "/mirror.git")
        let loader = ManifestLoader(source: source)
        let wanted: Revision = if let revision { try await source.resolve(revision) } else { try await source.head() }
        let desired = try await loader.load(wanted)

        let identity = directory.exists ? try directory.identity() : Identity.stranger()
        let memory = try await Memory(directory)
        let remote = try await RemoteLook.taken(in: directory)
        func survey(_ local: [NodeName: any Observer]) async -> Survey {
            var observers = local
            for name in remote?.remote ?? [] where observers[name] == nil {
                observers[name] = remote?.observer(of: name)
            }
            return await Survey.take(
                of: desired, on: observers, placing: Placement.Circumstances(memory.pools.places, memory.cordons),
                applied: memory.applied, consented: consented, only: only, policy: making.policy, pools: memory.pools,
                patience: WorkshopOptions.patience)
        }
        let taken: Survey
        if let remote, remote.local == nil {
            taken = await survey([:])
        } else {
            let name = try remote?.local ?? node.name(in: desired)
            taken = try await node.withEngine(identity, in: directory) { engine in
                // Nothing is made or kept where there is no installation, and no first key of a server anywhere.
                let workshop = try making.workshop(
                    in: directory, on: engine, hostKeys: .forgotten(beside: directory.hostKeys),
                    logger: .standard(.error))
                let local = LocalNode(
                    engine: engine, gateways: .local(in: directory, haproxy: node.haproxy), workshop: workshop,
                    key: identity.key)
                return await survey([name: LookingGlass(local.host(for: name))])
            }
        }
        return DryRun(
            plan: taken.plan, inputs: taken.inputs,
            heading: heading(repository.branch, revision, taken.plan, was: memory.head),
            known: taken.inputs.existing.union(desired.sandboxes.keys).union(desired.unplaced.keys)
                .union(desired.frozen.keys))
    }

    private static func heading(_ branch: String, _ revision: String?, _ plan: FleetPlan, was: Revision?) -> String {
        let name = revision ?? branch
        var text = "Revision  \(name) \(plan.revision.commit.short)"
        if let was, was.commit != plan.revision.commit { text += "  (was \(was.commit.short))" }
        let nodes = plan.seen.nodes
        let containers = plan.seen.containers
        return text + "      Observed  \(nodes) node\(nodes == 1 ? "" : "s"), \(containers) "
            + "container\(containers == 1 ? "" : "s") of ours"
    }

    /// What the installation's journal remembers, where there is one.
    private struct Memory {
        var applied: [SandboxName: CommitID] = [:]
        var pools = AllocationTable(held: [])
        var cordons: [Cordon] = []
        var head: Revision?

        init(_ directory: DataDirectory) async throws {
            guard FileManager.default.fileExists(atPath: directory.journal) else { return }
            let journal = try SQLiteJournal.readOnly(path: directory.journal)
            for status in try await journal.statuses() { applied[status.sandbox] = status.applied }
            pools = AllocationTable(held: try await journal.allocations())
            cordons = try await journal.cordons()
            head = try await journal.fleetStatus()?.head
        }
    }
}

/// A folder that is gone when its holder is.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "berth-" + randomHex(bytes: 6)
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Complaint("\(path) cannot be made: \(error.localizedDescription)")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // SAFE: what stays is an empty folder in /tmp
}
