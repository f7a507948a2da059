internal import ArgumentParser
internal import Docker
internal import Foundation
internal import Git
package import Model
internal import Planner
package import Reconciler
internal import SQLiteJournal

/// What the gateways do now, beside the manifests that they are to follow. Those of this machine need no engine, those
/// of others are seen through the controller that runs here. Nothing is changed.
struct GatewayLook {
    let desired: DesiredState
    let live: [GatewayName: ObservedGateway]
    /// Gateways that could not be looked at, and why.
    let unseen: [GatewayName: String]
    /// Of gateways that read the labels of containers.
    let labelled: [GatewayName: LabelledRoutes]
    /// Where other machines are reached.
    let hosts: [NodeName: String]

    /// Between two looks at a gateway whose baselines have not all answered.
    private static let rhythm = Duration.milliseconds(300)

    /// `patience` is how long baselines that are asked for the first time are waited for.
    static func take(
        _ repository: RepositoryOptions, _ data: DataOptions, _ node: NodeOptions, patience: Duration
    ) async throws -> GatewayLook {
        let directory = data.directory
        let scratch = try Scratch()
        let source = try repository.source(mirror: directory.exists ? directory.mirror : scratch.path + "/mirror.git")
        let declared = try await ManifestLoader(source: source).load(try await followed(in: source, directory))
        let desired = try await placed(declared, directory)
        let remote = try await RemoteLook.taken(in: directory)
        let name = remote == nil ? try node.name(in: desired) : remote?.local
        let drivers = GatewayDrivers.local(in: directory, haproxy: node.haproxy)
        var live: [GatewayName: ObservedGateway] = [:]
        var unseen: [GatewayName: String] = [:]
        for gateway in desired.gateways.values {
            do throws(HostError) {
                if gateway.node == name {
                    live[gateway.name] = try await survey(gateway, patience) { gateway throws(HostError) in
                        try await drivers.survey(gateway)
                    }
                } else if let remote, remote.remote.contains(gateway.node) {
                    let observer = remote.observer(of: gateway.node)
                    live[gateway.name] = try await survey(gateway, patience) { gateway throws(HostError) in
                        let seen = try await observer.observe(Inquiry(gateways: [gateway]))
                        return seen.gateways[gateway.name] ?? ObservedGateway()
                    }
                } else {
                    unseen[gateway.name] =
                        "it is on node \(gateway.node), and no berth serve --agents runs here through which to look"
                }
            } catch {
                unseen[gateway.name] = "\(error)"
            }
        }
        var labelled: [GatewayName: LabelledRoutes] = [:]
        if let name { labelled = try await labels(of: desired.gateways(on: name), in: desired, directory, node) }
        return GatewayLook(
            desired: desired, live: live, unseen: unseen, labelled: labelled,
            hosts: desired.nodes.filter { $0.key != name }.compactMapValues(\.address))
    }

    /// With the nodes that were chosen for sandboxes whose authors name none.
    private static func placed(_ desired: DesiredState, _ directory: DataDirectory) async throws -> DesiredState {
        guard !desired.unplaced.isEmpty, FileManager.default.fileExists(atPath: directory.journal) else {
            return desired
        }
        let held = try await SQLiteJournal.readOnly(path: directory.journal).allocations()
        let places = AllocationTable(held: held).places
        let chosen = Placement(of: desired, in: Placement.Circumstances(places, [])).chosen
        return desired.placing(chosen.filter { places[$0.key]?.contains($0.value) ?? false })
    }

    /// Exit code 5 is for who asked for what could not be seen.
    func finish(asking gateways: some Sequence<GatewayName>) throws {
        guard gateways.contains(where: { unseen[$0] != nil }) else { return }
        throw ExitCode(ExitStatus.incomplete.rawValue)
    }

    private static func survey(
        _ gateway: DesiredGateway, _ patience: Duration,
        by look: (DesiredGateway) async throws(HostError) -> ObservedGateway
    ) async throws(HostError) -> ObservedGateway {
        var live = try await look(gateway)
        for _ in 0..<Int(patience / rhythm) {
            guard live.isRunning, gateway.probes.keys.contains(where: { live.baselines[$0] == nil }) else { break }
            try? await Task.sleep(for: rhythm)  // SAFE: whoever is cancelled looks once more at once
            live = try await look(gateway)
        }
        return live
    }

    /// The engine is only asked where a gateway reads labels.
    private static func labels(
        of gateways: [DesiredGateway], in desired: DesiredState, _ directory: DataDirectory, _ node: NodeOptions
    ) async throws -> [GatewayName: LabelledRoutes] {
        let reading = gateways.filter { if case .traefikLabels = $0.driver { true } else { false } }
        guard !reading.isEmpty, directory.exists else { return [:] }
        let containers = try await node.withEngine(try directory.identity(), in: directory) { engine in
            try await engine.survey(nil).containers
        }
        return Dictionary(
            uniqueKeysWithValues: reading.map { gateway in
                let own = desired.sandboxes.values.filter { $0.gateway == gateway.name }
                return (gateway.name, LabelledRoutes(of: containers, in: Set(own.map(\.name))))
            })
    }

    /// The commit that the daemon follows, so that causes are those of what it did; the newest of the branch where no
    /// daemon was, or where it follows another repository.
    private static func followed(in source: any Source, _ directory: DataDirectory) async throws -> Revision {
        let newest = try await source.head()
        guard FileManager.default.fileExists(atPath: directory.journal),
            let head = try await SQLiteJournal.readOnly(path: directory.journal).fleetStatus()?.head
        else { return newest }
        do throws(SourceError) {
            return try await source.resolve(head.commit.text)
        } catch {
            guard error.failure == .missing else { throw error }
            return newest
        }
    }
}

extension RoutesPicture.Flip {
    /// Events looked through.
    private static let mostEvents = 10_000

    /// The newest of each route.
    static func newest(in directory: DataDirectory) async throws -> [RouteKey: RoutesPicture.Flip] {
        guard FileManager.default.fileExists(atPath: directory.journal) else { return [:] }
        let journal = try SQLiteJournal.readOnly(path: directory.journal)
        return newest(among: try await journal.events(after: 0, sandbox: nil, limit: mostEvents).map(\.event))
    }

    /// Of events in order of time.
    package static func newest(among events: [EventRecord]) -> [RouteKey: RoutesPicture.Flip] {
        var flips: [RouteKey: RoutesPicture.Flip] = [:]
        for event in events {
            guard event.kind == "route.flipped", let service = event.service else { continue }
            flips[RouteKey(sandbox: event.sandbox, service: service)] = RoutesPicture.Flip(
                at: event.at, message: event.message)
        }
        return flips
    }
}
