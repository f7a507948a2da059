package import Model
package import Reconciler

extension DockerEngine {
    package func start(_ container: ContainerHandle) async throws(HostError) {
        let operation = "start \(container.name)"
        if try await connection.kind(for: operation) == .podman,
            let found = try await inspect(reference(container), for: operation)
        {
            try await Podman.checkFolders(found.folders.map(\.source), of: connection, for: operation)
        }
        try await act("start", on: container, path: "start")
    }

    package func unpause(_ container: ContainerHandle) async throws(HostError) {
        try await act("unpause", on: container, path: "unpause") { $0.says("is not paused") }
    }

    /// Asks the process to end, and kills it after ``Bounds/stopGrace``. One that is gone has stopped.
    package func stop(_ container: ContainerHandle) async throws(HostError) {
        let operation = "stop \(container.name)"
        let request = EngineRequest(
            .post, "\(path(of: container))/stop", query: [("t", String(Bounds.stopGrace))], deadline: Bounds.stop)
        let reply = try await connection.queue(at: connection.stops, for: operation) { () async throws(HostError) in
            try await connection.send(request, for: operation)
        }
        guard reply.isSuccess || [304, 404].contains(reply.status) else {
            throw EngineRefusal(reply).explained(operation)
        }
    }

    package func remove(_ container: ContainerHandle) async throws(HostError) {
        let operation = "remove \(container.name)"
        let request = EngineRequest(.delete, path(of: container), query: [("force", "1"), ("v", "1")])
        let reply = try await connection.mutate(request, for: operation)
        if reply.isSuccess || reply.status == 404 { return }
        let refusal = EngineRefusal(reply)
        guard refusal.says("already in progress") else { throw refusal.explained(operation) }
        try await awaitGone(container, for: operation)
    }

    /// Waits for a removal that somebody else began, ``Bounds/removal`` at most.
    private func awaitGone(_ container: ContainerHandle, for operation: String) async throws(HostError) {
        let due = ContinuousClock.now + Bounds.removal
        while try await inspect(reference(container), for: operation) != nil {
            guard ContinuousClock.now < due else {
                throw HostError(operation, .unreachable, "its removal was begun by somebody else and does not end")
            }
            do {
                try await Task.sleep(for: Bounds.removalPoll)
            } catch {
                throw HostError(operation, .unreachable, "cancelled")
            }
        }
    }

    package func rename(_ container: ContainerHandle, to name: String) async throws(HostError) {
        let operation = "rename \(container.name) to \(name)"
        let reply = try await connection.mutate(
            EngineRequest(.post, "\(path(of: container))/rename", query: [("name", name)]), for: operation)
        if reply.isSuccess { return }
        let refusal = EngineRefusal(reply)
        guard refusal.status == 409 || refusal.status == 400 || refusal.status >= 500,
            let found = try await inspect(name, for: operation)
        else { throw refusal.explained(operation) }
        let renamed = try await inspect(reference(container), for: operation)
        if renamed?.id == found.id { return }
        let holder = Self.holder(labels.ownership(found.config.labels, of: .container), id: found.id)
        throw HostError(operation, .stale, "the name is held by \(holder)")
    }

    package func updateLimits(_ container: ContainerHandle, _ limits: Limits) async throws(HostError) {
        let operation = "update limits of \(container.name)"
        let request: EngineRequest
        switch try await connection.kind(for: operation) {
        case .docker:
            request = try .post("\(path(of: container))/update", json: LimitsUpdate(limits), for: operation)
        case .podman:
            // One that does not run has no limits yet: they are seen to differ, and changed, when it does.
            guard try await inspect(reference(container), for: operation)?.state.isRunning ?? true else { return }
            request = try Podman.update(path(of: container), limits, for: operation)
        }
        let reply = try await connection.mutate(request, for: operation)
        guard reply.isSuccess else { throw EngineRefusal(reply).explained(operation) }
    }

    private func act(
        _ verb: String, on container: ContainerHandle, path: String,
        isSo: (EngineRefusal) -> Bool = { _ in false }
    ) async throws(HostError) {
        let operation = "\(verb) \(container.name)"
        let reply = try await connection.mutate(
            EngineRequest(.post, "\(self.path(of: container))/\(path)"), for: operation)
        if reply.isSuccess || reply.status == 304 { return }
        let refusal = EngineRefusal(reply)
        guard isSo(refusal) else { throw refusal.explained(operation) }
    }

    /// One that was seen by its id, so that another of the same name is never taken for it.
    func reference(_ container: ContainerHandle) -> String {
        switch container {
        case .existing(let id, _): id.text
        case .planned(let name): name
        }
    }

    func path(of container: ContainerHandle) -> String {
        "/containers/\(EngineRequest.escape(reference(container)))"
    }
}
