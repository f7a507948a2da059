package import Model
package import Reconciler

extension DockerEngine {
    /// Foreign things are read from the lists alone; our own are inspected. What goes away meanwhile is absent.
    package func survey(_ sandbox: SandboxName?) async throws(HostError) -> EngineSurvey {
        let operation = sandbox.map { "observe sandbox \($0)" } ?? "observe the engine"
        async let listed: Result<[ListedContainer], HostError> = list(
            "/containers/json", query: [("all", "1")], for: operation)
        async let networks: Result<[AnsweredNetwork], HostError> = list("/networks", for: operation)
        async let images: Result<[ListedImage], HostError> = list("/images/json", for: operation)

        let (all, nets, pictures) = await (listed, networks, images)
        let entries = try all.get()
        let containers = Podman.withoutLentAddresses(try await observe(entries, of: sandbox, for: operation))
        var survey = EngineSurvey(
            containers: containers,
            networks: try await observe(try nets.get(), of: sandbox, with: containers, for: operation),
            images: Self.references(try pictures.get()), busyPorts: listeners.read(), names: names(of: sandbox),
            namesRoot: namesRoot)
        survey.busyPorts.formUnion(entries.flatMap { ($0.ports ?? []).compactMap(\.publicPort) })
        return survey
    }

    private func list<Item: Decodable & Sendable>(
        _ path: String, query: [(name: String, value: String)] = [], for operation: String
    ) async -> Result<[Item], HostError> {
        do throws(HostError) {
            let reply = try await connection.send(EngineRequest(.get, path, query: query), for: operation)
            guard reply.isSuccess else { throw EngineRefusal(reply).explained(operation) }
            return .success(try reply.decode(for: operation))
        } catch {
            return .failure(error)
        }
    }

    /// Whether a thing belongs into the answer: everything of the sandbox, and whoever has taken one of its names.
    private func concerns(_ sandbox: SandboxName?, _ ownership: Ownership, named name: String) -> Bool {
        guard let sandbox else { return true }
        return switch ownership {
        case .ours(let mark): mark.sandbox == sandbox
        case .theirs, .foreign: name.hasPrefix(Self.networkPrefix + sandbox.text)
        }
    }

    private func observe(
        _ entries: [ListedContainer], of sandbox: SandboxName?, for operation: String
    ) async throws(HostError) -> [ObservedContainer] {
        let concerned = entries.filter {
            concerns(sandbox, labels.ownership($0.labels, of: .container), named: $0.name)
        }
        return try await atOnce(concerned) { entry async throws(HostError) in
            let ownership = labels.ownership(entry.labels, of: .container)
            guard let mark = ownership.mark else { return ObservedContainer(entry, ownership: ownership) }
            guard let found = try await inspect(entry.id, for: operation) else { return nil }
            var container = ObservedContainer(found, ownership: ownership, key: key)
            container.mounts = container.mounts.filter { !isLost($0, of: mark.sandbox, to: found.state.process) }
            if try await connection.kind(for: operation) == .podman { Podman.complete(&container, from: found) }
            return container
        }
    }

    private func observe(
        _ entries: [AnsweredNetwork], of sandbox: SandboxName?, with containers: [ObservedContainer],
        for operation: String
    ) async throws(HostError) -> [ObservedNetwork] {
        // Every network is in the answer, for its subnet is taken; only those that concern us are looked into.
        let networks = try await atOnce(entries) { entry async throws(HostError) in
            let ownership = labels.ownership(entry.labels, of: .network)
            guard ownership.mark != nil, concerns(sandbox, ownership, named: entry.name) else {
                return ObservedNetwork(entry, ownership: ownership)
            }
            let found = try await inspectNetwork(entry.id, for: operation)
            return found.map { ObservedNetwork($0, ownership: ownership) }
        }
        // The engine names the endpoints of running containers only, yet a stopped one keeps its fixed address.
        return networks.map { network in
            var network = network
            for container in containers {
                guard let address = container.attachments[network.name]?.address, !address.isEmpty else { continue }
                network.addresses.insert(address)
            }
            return network
        }
    }

    /// `nil` where it does not exist.
    func inspect(_ container: String, for operation: String) async throws(HostError) -> InspectedContainer? {
        try await find("/containers/\(EngineRequest.escape(container))/json", for: operation)
    }

    /// `nil` where it does not exist.
    func inspectNetwork(_ network: String, for operation: String) async throws(HostError) -> AnsweredNetwork? {
        try await find("/networks/\(EngineRequest.escape(network))", for: operation)
    }

    func find<Value: Decodable>(_ path: String, for operation: String) async throws(HostError) -> Value? {
        let reply = try await connection.send(EngineRequest(.get, path), for: operation)
        if reply.status == 404 { return nil }
        guard reply.isSuccess else { throw EngineRefusal(reply).explained(operation) }
        return try reply.decode(for: operation)
    }

    private static func references(_ images: [ListedImage]) -> [String: String] {
        var ids: [String: String] = [:]
        for image in images {
            for reference in (image.tags ?? []) + (image.digests ?? []) where !reference.contains("<none>") {
                ids[ImageReference.normalize(reference)] = image.id
            }
        }
        return ids
    }

    static let networkPrefix = "sandbox-"

    /// Does `work` for each item, ``Bounds/inspections`` at once, and drops what is gone; the first failure ends it.
    private func atOnce<Item: Sendable, Value: Sendable>(
        _ items: [Item], _ work: @escaping @Sendable (Item) async throws(HostError) -> Value?
    ) async throws(HostError) -> [Value] {
        let outcome: Result<[Value], HostError> = await withTaskGroup(
            of: Result<Value?, HostError>.self
        ) { group in
            var rest = items[...]
            var values: [Value] = []
            func begin() {
                guard let item = rest.popFirst() else { return }
                group.addTask {
                    do throws(HostError) {
                        return .success(try await work(item))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<Bounds.inspections { begin() }
            while let result = await group.next() {
                switch result {
                case .success(let value):
                    if let value { values.append(value) }
                    begin()
                case .failure(let error):
                    group.cancelAll()
                    return .failure(error)
                }
            }
            return .success(values)
        }
        return try outcome.get()
    }
}
