package import Model
package import Reconciler

extension DockerEngine {
    package func createNetwork(_ draft: NetworkDraft, as uid: ResourceUID) async throws(HostError) {
        let operation = "create network \(draft.name)"
        let body = NewNetwork(
            name: draft.name, ipam: .init(pools: [.init(subnet: draft.subnet.description)]),
            labels: labels.network(draft, as: uid))
        let request = try EngineRequest.post("/networks/create", json: body, for: operation)
        let reply = try await connection.mutate(request, for: operation)
        if reply.isSuccess { return }
        let refusal = EngineRefusal(reply)
        if refusal.says("pool overlaps") {
            throw HostError(operation, .refused, try await overlap(draft.subnet, refusal, for: operation))
        }
        guard refusal.status == 409, let found = try await inspectNetwork(draft.name, for: operation) else {
            throw refusal.explained(operation)
        }
        let ownership = labels.ownership(found.labels, of: .network)
        if ownership.mark?.uid == uid { return }
        throw HostError(operation, .stale, "the name is held by \(Self.networkHolder(ownership, id: found.id))")
    }

    private func overlap(
        _ subnet: Subnet, _ refusal: EngineRefusal, for operation: String
    ) async throws(HostError) -> String {
        let reply = try await connection.send(EngineRequest(.get, "/networks"), for: operation)
        let networks: [AnsweredNetwork] = reply.isSuccess ? try reply.decode(for: operation) : []
        let others = networks.filter { network in
            (network.ipam?.pools ?? []).contains { $0.subnet.flatMap(Subnet.init)?.overlaps(subnet) ?? false }
        }
        let holder = others.isEmpty ? "" : " of " + others.map(\.name).sorted().joined(separator: ", ")
        return
            "subnet \(subnet) overlaps one\(holder): free it, or give the node another subnet pool (\(refusal.words))"
    }

    package func removeNetwork(id: String) async throws(HostError) {
        let operation = "remove network \(id.prefix(12))"
        var path = "/networks/\(EngineRequest.escape(id))"
        if try await connection.kind(for: operation) == .podman {
            guard let found = try await inspectNetwork(id, for: operation) else { return }
            path = Podman.path(ofNetwork: found)
        }
        let reply = try await connection.mutate(EngineRequest(.delete, path), for: operation)
        if reply.isSuccess || reply.status == 404 { return }
        let refusal = EngineRefusal(reply)
        guard refusal.says("has active endpoints"), let network = try await inspectNetwork(id, for: operation) else {
            throw refusal.explained(operation)
        }
        var foreign: [String] = []
        for (container, endpoint) in network.endpoints ?? [:] {
            let found = try await inspect(container, for: operation)
            if labels.ownership(found?.config.labels, of: .container).mark == nil {
                foreign.append(endpoint.name ?? String(container.prefix(12)))
            }
        }
        guard foreign.isEmpty else {
            throw HostError(
                operation, .refused,
                "\(foreign.sorted().joined(separator: ", ")) on network \(network.name) is not Berth's: "
                    + "disconnect it first")
        }
        throw HostError(operation, .stale, refusal.words)
    }

    package func connect(
        _ container: ContainerHandle, network: String, address: String, alias: String
    ) async throws(HostError) {
        let operation = "connect \(container.name) to \(network)"
        let kind = try await connection.kind(for: operation)
        let body = Connecting(
            container: reference(container), endpoint: EndpointSettings(address: address, alias: alias, of: kind))
        let request = try EngineRequest.post(
            "/networks/\(EngineRequest.escape(network))/connect", json: body, for: operation)
        let reply = try await connection.mutate(request, for: operation)
        if reply.isSuccess { return }
        let refusal = EngineRefusal(reply)
        guard refusal.says("already exists in network"),
            let found = try await inspect(reference(container), for: operation),
            let attachment = found.attachments[network]
        else { throw refusal.explained(operation) }
        guard attachment.address == address else {
            throw HostError(operation, .stale, "it is on \(network) already, at \(attachment.address)")
        }
    }

    private static func networkHolder(_ ownership: Ownership, id: String) -> String {
        switch ownership {
        case .ours(let mark): "our own network \(id.prefix(12)) of sandbox \(mark.sandbox)"
        case .theirs(let installation): "network \(id.prefix(12)) of installation \(installation)"
        case .foreign: "network \(id.prefix(12)), which is not Berth's: remove it"
        }
    }
}
