package import Model
package import Reconciler

extension DockerEngine {
    package func create(
        _ draft: ContainerDraft, secrets: [SecretReference: Secret<String>], as uid: ResourceUID
    ) async throws(HostError) {
        let operation = "create \(draft.name)"
        let archive = try archive(draft, secrets, for: operation)
        try checkLabels(draft, for: operation)
        var labels = labels.container(draft, as: uid)
        let kind = try await connection.kind(for: operation)
        if kind == .podman { labels.merge(Podman.labels(draft)) { $1 } }
        let body = NewContainer(
            draft, environment: try environment(draft, secrets, for: operation), labels: labels, on: kind)
        let request = try EngineRequest.post(
            "/containers/create", query: [("name", draft.name)], json: body, for: operation)
        do throws(HostError) {
            try await Podman.checkFolders(draft.spec.mounts.map(\.source), of: connection, for: operation)
            let reply = try await connection.mutate(request, for: operation)
            let id =
                if reply.isSuccess {
                    try reply.decode(CreatedContainer.self, for: operation).id
                } else {
                    try await existing(draft, uid: uid, insteadOf: EngineRefusal(reply), for: operation)
                }
            if let archive { try await upload(archive, to: id, for: operation) }
        } catch {
            // The engine may quote what it was given.
            throw HostError(operation, error.failure, blot(secrets, from: error.message))
        }
    }

    /// The container that an earlier request made whose reply was lost; anything else that has the name is in the way.
    private func existing(
        _ draft: ContainerDraft, uid: ResourceUID, insteadOf refusal: EngineRefusal, for operation: String
    ) async throws(HostError) -> String {
        switch refusal.status {
        case 409:
            guard let found = try await inspect(draft.name, for: operation) else {
                throw HostError(operation, .stale, "the name was taken, and is free again: \(refusal.words)")
            }
            let ownership = labels.ownership(found.config.labels, of: .container)
            if let mark = ownership.mark, mark.uid == uid, mark.digest == draft.digest { return found.id }
            throw HostError(operation, .stale, "the name is held by \(Self.holder(ownership, id: found.id))")
        case 404:
            throw HostError(
                operation, .refused,
                "image \(draft.spec.image) is not on this node: load it, or allow the node to pull (\(refusal.words))")
        default:
            throw refusal.explained(operation)
        }
    }

    private func upload(_ archive: [UInt8], to id: String, for operation: String) async throws(HostError) {
        let reply = try await connection.mutate(
            EngineRequest(.put, "/containers/\(id)/archive", query: [("path", "/")], body: .tar(archive)),
            for: operation)
        guard reply.isSuccess else { throw EngineRefusal(reply).explained(operation) }
    }

    private func checkLabels(_ draft: ContainerDraft, for operation: String) throws(HostError) {
        for name in draft.spec.labels.keys.sorted() {
            // Our own label lists the names separated by commas.
            guard !name.isEmpty, !name.hasPrefix(Labels.prefix), !name.contains(where: { ",\u{0}".contains($0) }) else {
                throw HostError(operation, .refused, "\"\(name)\" cannot be a label: \(Labels.prefix)… are Berth's own")
            }
        }
    }

    private func environment(
        _ draft: ContainerDraft, _ secrets: [SecretReference: Secret<String>], for operation: String
    ) throws(HostError) -> [String] {
        var entries: [String] = []
        for (name, value) in draft.spec.environment.sorted(by: { $0.key < $1.key }) {
            // The labels list names separated by commas.
            guard !name.isEmpty, !name.contains(where: { "=,\u{0}".contains($0) }) else {
                throw HostError(operation, .refused, "\"\(name)\" cannot be the name of an environment variable")
            }
            switch value {
            case .plain(let text): entries.append("\(name)=\(text)")
            case .secret(let reference):
                entries.append("\(name)=\(try reveal(reference, of: secrets, for: operation))")
            }
        }
        return entries
    }

    private func archive(
        _ draft: ContainerDraft, _ secrets: [SecretReference: Secret<String>], for operation: String
    ) throws(HostError) -> [UInt8]? {
        guard !draft.spec.files.isEmpty else { return nil }
        var archive = Archive()
        for file in draft.spec.files {
            let content =
                switch file.content {
                case .text(let text): text
                case .secret(let reference): try reveal(reference, of: secrets, for: operation)
                }
            do throws(Archive.Problem) {
                try archive.add(file.path, Array(content.utf8), mode: file.mode)
            } catch {
                throw HostError(operation, .refused, "file \(file.path) cannot be put there: \(error.sentence)")
            }
        }
        guard archive.bytes.count <= Bounds.archive else {
            throw HostError(
                operation, .refused, "its files are larger than \(Bounds.archive >> 20) MiB together: mount a volume")
        }
        return archive.closed()
    }

    private func reveal(
        _ reference: SecretReference, of secrets: [SecretReference: Secret<String>], for operation: String
    ) throws(HostError) -> String {
        guard let secret = secrets[reference] else {
            throw HostError(operation, .refused, "the secret in \(reference) was not read")
        }
        return secret.reveal()
    }

    private func blot(_ secrets: [SecretReference: Secret<String>], from text: String) -> String {
        secrets.values.sorted { $0.reveal().utf8.count > $1.reveal().utf8.count }
            .reduce(text) { $1.blotted(from: $0) }
    }

    static func holder(_ ownership: Ownership, id: String) -> String {
        switch ownership {
        case .ours(let mark): "our own \(ContainerID(id)) of sandbox \(mark.sandbox)"
        case .theirs(let installation): "\(ContainerID(id)) of installation \(installation)"
        case .foreign: "\(ContainerID(id)), which is not Berth's: rename or remove it"
        }
    }
}

extension NewContainer {
    init(_ draft: ContainerDraft, environment: [String], labels: [String: String], on kind: EngineKind) {
        let spec = draft.spec
        let ports = Set(spec.ports.map(\.number)).union(draft.published.keys)
        let limits = LimitsUpdate(spec.limits)
        self.init(
            image: spec.image.text, command: spec.command, environment: environment, labels: labels,
            exposed: Dictionary(uniqueKeysWithValues: ports.map { ("\($0)/tcp", Nothing()) }),
            health: spec.health.flatMap(Health.init),
            host: Host(
                nanoCPUs: limits.nanoCPUs, memory: limits.memory, memoryAndSwap: limits.memoryAndSwap,
                pids: limits.pids, restart: Host.Restart(name: spec.restart.rawValue),
                bindings: Dictionary(
                    uniqueKeysWithValues: draft.published.map { ("\($0)/tcp", [Host.Binding(port: String($1))]) }),
                mounts: spec.mounts.map { Host.Bind(source: $0.source, target: $0.target, isReadOnly: $0.isReadOnly) },
                network: draft.network),
            networking: Networking(
                endpoints: [
                    draft.network: EndpointSettings(address: draft.address, alias: draft.service.text, of: kind)
                ]))
    }
}

extension NewContainer.Health {
    /// `nil` for what the engine cannot ask itself.
    init?(_ check: HealthCheck) {
        switch check.probe {
        case .http, .tcp: return nil
        case .command(let words):
            self.init(
                test: ["CMD"] + words, interval: Int64(check.intervalMillis) * 1_000_000,
                timeout: Int64(check.timeoutMillis) * 1_000_000,
                startPeriod: Int64(check.startPeriodMillis) * 1_000_000, retries: check.unhealthyAfter)
        }
    }
}
