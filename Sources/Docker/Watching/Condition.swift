package import Model
package import Reconciler

extension DockerEngine {
    package func condition(of container: ContainerHandle) async throws(HostError) -> ContainerCondition {
        let operation = "look at \(container.name)"
        guard let found = try await checked(container, for: operation) else {
            throw HostError(operation, .stale, "it does not exist")
        }
        let state = ObservedContainer.State(engine: found.state.status)
        // A program may print its own secrets. Those in variables can be blotted out, those in files are unknown here.
        let output =
            Labels.mayHaveSecretFiles(found.config.labels)
            ? "its output is not shown, for it has secret files" : try await lastOutput(of: found, for: operation)
        return ContainerCondition(
            state: state, health: ObservedContainer.Health(engine: found.state.health?.status),
            exitCode: state.hasEnded ? found.state.exitCode : nil, restarts: found.restarts ?? 0,
            lastOutput: output)
    }

    private func lastOutput(
        of container: InspectedContainer, for operation: String
    ) async throws(HostError) -> String {
        let request = EngineRequest(
            .get, "/containers/\(container.id)/logs",
            query: [("stdout", "1"), ("stderr", "1"), ("tail", String(Bounds.logLines))])
        let bytes: [UInt8]
        do throws(HostError) {
            bytes = try await connection.open(request, for: operation).beginning(
                Bounds.log, within: Bounds.read)
        } catch {
            // Gone since: its state was still true.
            guard error.failure == .stale else { throw error }
            return ""
        }
        let text = container.config.hasTerminal ?? false ? bytes : LogFrames.text(of: bytes)
        let whole = String(decoding: text, as: UTF8.self)
        let clean = container.config.secrets.reduce(whole) { $1.blotted(from: $0) }
        return LogFrames.end(of: Array(clean.utf8), Bounds.output)
    }
}
