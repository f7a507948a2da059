internal import Model
package import Reconciler

/// The lease is a volume: its name is unique to the engine, who makes it first has it, and it outlives both daemons.
extension DockerEngine {
    static let leaseName = "berth-lease"

    private enum Key {
        static let installation = "berth.lease.installation"
        static let machine = "berth.lease.machine"
        static let data = "berth.lease.data"
        static let node = "berth.lease.node"
    }

    package func acquireLease(_ holder: LeaseHolder) async throws(HostError) {
        let operation = "take the lease of the engine"
        let body = NewVolume(
            name: Self.leaseName,
            labels: [
                Key.installation: holder.installation.text, Key.machine: holder.machine,
                Key.data: holder.dataDirectory, Key.node: holder.agent?.text ?? "",
            ])
        let request = try EngineRequest.post("/volumes/create", json: body, for: operation)
        let reply = try await connection.mutate(request, for: operation)
        // An engine answers with the one that is there, or refuses because it is; either way it can be read.
        guard let volume = try await lease(for: operation) else { throw EngineRefusal(reply).explained(operation) }
        let labels = volume.labels ?? [:]
        guard labels[Key.installation] == holder.installation.text else {
            throw HostError(operation, .refused, Self.held(by: labels))
        }
        // All agents are of one installation; an engine is of one of them.
        guard labels[Key.node] ?? "" == holder.agent?.text ?? "" else {
            throw HostError(operation, .refused, Self.held(byAnother: labels))
        }
    }

    /// A lease of another installation stays.
    package func releaseLease() async throws(HostError) {
        let operation = "release the lease of the engine"
        guard let volume = try await lease(for: operation),
            volume.labels?[Key.installation] == labels.installation.text
        else { return }
        let reply = try await connection.mutate(
            EngineRequest(.delete, "/volumes/\(Self.leaseName)"), for: operation)
        guard reply.isSuccess || reply.status == 404 else { throw EngineRefusal(reply).explained(operation) }
    }

    private func lease(for operation: String) async throws(HostError) -> AnsweredVolume? {
        try await find("/volumes/\(Self.leaseName)", for: operation)
    }

    private static func held(byAnother labels: [String: String]) -> String {
        let node = labels[Key.node] ?? ""
        let who = node.isEmpty ? "the controller's own machine" : "the agent of node \(node)"
        return
            "this engine is held by \(who) (data \(labels[Key.data] ?? "unknown")): two may not share one; stop that "
            + "berth, or if it is gone for good: docker volume rm \(leaseName)"
    }

    private static func held(by labels: [String: String]) -> String {
        let machine = labels[Key.machine] ?? "unknown"
        let data = labels[Key.data] ?? "unknown"
        return "the engine is held by installation \(labels[Key.installation] ?? "unknown") "
            + "(machine \(machine), data \(data)); stop that berth, or if it is gone for good: "
            + "docker volume rm \(leaseName)"
    }
}
