internal import Docker
internal import Foundation
internal import Git
package import Model
internal import Planner
package import Reconciler
internal import SQLiteJournal

/// What the gateways of this machine do now, beside the manifests that they are to follow. It needs no engine, and
/// nothing is changed.
struct GatewayLook {
    let desired: DesiredState
    let live: [GatewayName: ObservedGateway]
    /// Gateways that could not be looked at, and why.
    let unseen: [GatewayName: String]
    /// Of gateways that read the labels of containers.
    let labelled: [GatewayName: LabelledRoutes]

    /// Between two looks at a gateway whose baselines have not all answered.
    private static let rhythm = Duration.milliseconds(300)

    /// `patience` is how long baselines that are asked for the first time are waited for.
    static func take(
        _ repository: RepositoryOptions, _ data: DataOptions, _ node: NodeOptions, patience: Duration
    ) async throws -> GatewayLook {
        let directory = data.directory
        let scratch = try Scratch()
        let source = try repository.source(mirror: directory.exists ? directory.mirror : scratch.path + "/mirror.git")
        let desired = try await ManifestLoader(source: source).load(try await followed(in: source, directory))
        let name = try node.name(in: desired)
        let drivers = GatewayDrivers.local(in: directory, node)
        var live: [GatewayName: ObservedGateway] = [:]
        var unseen: [GatewayName: String] = [:]
        for gateway in desired.gateways.values {
            guard gateway.node == name else {
                unseen[gateway.name] = "it is on node \(gateway.node), which is not looked at from here"
                continue
            }
            do throws(HostError) {
                live[gateway.name] = try await survey(gateway, by: drivers, patience)
            } catch {
                unseen[gateway.name] = "\(error)"
            }
        }
        return GatewayLook(
            desired: desired, live: live, unseen: unseen,
            labelled: try await labels(of: desired.gateways(on: name), in: desired, directory, node))
    }

    private static func survey(
        _ gateway: DesiredGateway, by drivers: GatewayDrivers, _ patience: Duration
    ) async throws(HostError) -> ObservedGateway {
        var live = try await drivers.survey(gateway)
        for _ in 0..<Int(patience / rhythm) {
            guard live.isRunning, gateway.probes.keys.contains(where: { live.baselines[$0] == nil }) else { break }
            try? await Task.sleep(for: rhythm)  // SAFE: whoever is cancelled looks once more at once
            live = try await drivers.survey(gateway)
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
