package import Model
package import Reconciler
internal import Synchronization

/// A container engine that says what a test told it to: conditions and verdicts in order, the last of them for ever.
package final class FakeEngine: ContainerEngine {
    package struct Script: Sendable {
        package var survey = EngineSurvey()
        /// What `condition` answers, one a call.
        package var conditions: [ContainerCondition] = [.running]
        /// What `probe` answers, one a call; `nil` is that it serves.
        package var verdicts: [String?] = [nil]
        /// Addresses that do not serve, for probes of many.
        package var deaf: Set<String> = []

        package init() {}
    }

    package struct Record: Sendable {
        /// Verbs, in order.
        package var verbs: [String] = []
        package var probed: [String] = []
        package var conditionsAsked = 0
        /// The names of the secrets that came with each container.
        package var secrets: [Set<SecretReference>] = []
    }

    private let script: Mutex<Script>
    private let state = Mutex(Record())

    package init(_ script: Script = Script()) { self.script = Mutex(script) }

    package var record: Record { state.withLock { $0 } }

    private func note(_ verb: String) { state.withLock { $0.verbs.append(verb) } }

    package func survey(_ sandbox: SandboxName?) -> EngineSurvey { script.withLock(\.survey) }

    package func condition(of container: ContainerHandle) -> ContainerCondition {
        state.withLock { $0.conditionsAsked += 1 }
        return script.withLock { $0.conditions.count > 1 ? $0.conditions.removeFirst() : $0.conditions[0] }
    }

    package func probe(_ probe: HealthCheck.Probe, at address: String, timeoutMillis: Int) async -> String? {
        state.withLock { $0.probed.append(address) }
        return script.withLock {
            if $0.deaf.contains(address) { return "connection refused" }
            return $0.verdicts.count > 1 ? $0.verdicts.removeFirst() : $0.verdicts[0]
        }
    }

    package func create(
        _ draft: ContainerDraft, secrets: [SecretReference: Secret<String>], as uid: ResourceUID
    ) {
        note("create \(draft.name)")
        state.withLock { $0.secrets.append(Set(secrets.keys)) }
    }

    package func createNetwork(_ draft: NetworkDraft, as uid: ResourceUID) { note("create network \(draft.name)") }
    package func removeNetwork(id: String) { note("remove network \(id)") }
    package func setNames(_ names: SandboxNames) { note("names of \(names.sandbox)") }
    package func removeNames(_ sandbox: SandboxName) { note("remove names of \(sandbox)") }
    package func pull(_ image: ImageReference) { note("pull \(image)") }
    package func start(_ container: ContainerHandle) { note("start \(container.name)") }
    package func unpause(_ container: ContainerHandle) { note("unpause \(container.name)") }
    package func connect(_ container: ContainerHandle, network: String, address: String, alias: String) {
        note("connect \(container.name) to \(network) at \(address) as \(alias)")
    }
    package func updateLimits(_ container: ContainerHandle, _ limits: Limits) {
        note("update \(container.name) to \(limits.memoryBytes)")
    }
    package func rename(_ container: ContainerHandle, to name: String) { note("rename \(container.name) to \(name)") }
    package func stop(_ container: ContainerHandle) { note("stop \(container.name)") }
    package func remove(_ container: ContainerHandle) { note("remove \(container.name)") }
    package func acquireLease(_ holder: LeaseHolder) { note("acquire lease") }
    package func releaseLease() { note("release lease") }
    package func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }
}

extension ContainerCondition {
    package static let running = ContainerCondition(
        state: .running, health: .none, exitCode: nil, restarts: 0, lastOutput: "")

    package static func running(health: ObservedContainer.Health) -> Self {
        ContainerCondition(state: .running, health: health, exitCode: nil, restarts: 0, lastOutput: "")
    }

    package static func exited(_ code: Int, saying output: String) -> Self {
        ContainerCondition(state: .exited, health: .none, exitCode: code, restarts: 0, lastOutput: output)
    }

    package static func restarting(_ times: Int, saying output: String) -> Self {
        ContainerCondition(state: .restarting, health: .none, exitCode: 1, restarts: times, lastOutput: output)
    }
}
