internal import Model
internal import ServiceLifecycle

/// Waits until a container has proved that it serves, or cannot.
struct HealthProof: Sendable {
    let engine: any ContainerEngine
    let clock: any Clock<Duration>

    /// The first probe follows the start closely; the wait doubles up to the check's own interval.
    static let firstWait = Duration.milliseconds(50)
    /// A container without a check must run this long without a restart.
    static let settleTime = Duration.milliseconds(500)
    /// Of what a container wrote last, this many lines are told.
    static let mostLines = 5
    /// A container that ended this often has shown that it does not serve.
    static let mostRestarts = 3

    func `await`(_ container: ContainerHandle, at address: String, _ check: HealthCheck?) async throws(HostError) {
        let before = try await engine.condition(of: container).restarts
        guard let check else { return try await settle(container, since: before) }
        let longest = Duration.milliseconds(check.intervalMillis)
        var elapsed = Duration.zero
        var wait = min(Self.firstWait, longest)
        var successes = 0
        var failures = 0
        while true {
            let complaint = try await ask(container, at: address, check, since: before)
            if let complaint {
                successes = 0
                if elapsed >= .milliseconds(check.startPeriodMillis) { failures += 1 }
                guard failures < check.unhealthyAfter else {
                    throw await unhealthy(container, "\(complaint), \(failures) times in a row after \(elapsed)")
                }
            } else {
                failures = 0
                successes += 1
                if successes >= check.healthyAfter { return }
            }
            guard !Task.isCancelled, !Task.isShuttingDownGracefully else {
                throw HostError("await health of \(container.name)", .unreachable, "stopped before it was proved")
            }
            await pause(wait)
            elapsed += wait
            wait = min(wait * 2, longest)
        }
    }

    /// How often what another machine listens on is asked for before it is given up.
    static let mostReaches = 20

    /// Waits until what listens on another machine answers from here. It proved itself on its own machine before.
    func reach(_ endpoint: Endpoint, _ check: HealthCheck?) async throws(HostError) {
        let probe = check?.probe ?? .tcp(port: endpoint.port)
        let timeout = check?.timeoutMillis ?? Self.reachMillis
        var wait = Self.firstWait
        var complaint = ""
        for _ in 1...Self.mostReaches {
            guard let answer = await engine.probe(probe, at: endpoint.host, timeoutMillis: timeout) else { return }
            complaint = answer
            guard !Task.isCancelled, !Task.isShuttingDownGracefully else {
                throw HostError("reach \(endpoint)", .unreachable, "stopped before it was proved")
            }
            await pause(wait)
            wait = min(wait * 2, Self.longestReach)
        }
        throw HostError(
            "reach \(endpoint)", .unhealthy,
            "\(complaint); it serves on its own node, so look at the firewall between the two and at the node's address"
        )
    }

    private static let reachMillis = 2000
    private static let longestReach = Duration.milliseconds(500)

    /// What is wrong now, or nil. Throws when the container has ended for good.
    private func ask(_ container: ContainerHandle, at address: String, _ check: HealthCheck, since before: Int)
        async throws(HostError) -> String?
    {
        let condition = try await alive(container, since: before)
        switch check.probe {
        case .command:
            return condition.health == .healthy ? nil : "its health command says \(condition.health.rawValue)"
        case .http, .tcp:
            return await engine.probe(check.probe, at: address, timeoutMillis: check.timeoutMillis)
        }
    }

    private func settle(_ container: ContainerHandle, since before: Int) async throws(HostError) {
        await pause(Self.settleTime)
        let after = try await alive(container, since: before)
        guard after.restarts == before, after.state == .running else {
            throw await unhealthy(container, "it does not stay up")
        }
    }

    private func alive(_ container: ContainerHandle, since before: Int) async throws(HostError) -> ContainerCondition {
        let condition = try await engine.condition(of: container)
        switch condition.state {
        case .running where condition.restarts - before < Self.mostRestarts,
            // The engine waits longer before each restart: who is found in that wait again is not asked three more times.
            .restarting where condition.restarts < Self.mostRestarts:
            return condition
        case .created, .running, .restarting, .paused, .exited, .removing, .dead:
            let code = condition.exitCode.map { " with status \($0)" } ?? ""
            throw failure(container, "it is \(condition.state.rawValue)\(code)", condition.lastOutput)
        }
    }

    private func unhealthy(_ container: ContainerHandle, _ what: String) async -> HostError {
        let output = (try? await engine.condition(of: container).lastOutput) ?? ""  // SAFE: only adds to a message
        return failure(container, what, output)
    }

    private func failure(_ container: ContainerHandle, _ what: String, _ output: String) -> HostError {
        let lines = output.split(whereSeparator: \.isNewline).suffix(Self.mostLines)
        let tail = lines.isEmpty ? "" : "; it last wrote: \(lines.joined(separator: " | "))"
        return HostError("await health of \(container.name)", .unhealthy, what + tail)
    }

    func pause(_ duration: Duration) async {
        do {
            // To wait is not to act: a wait does not hold up the end of the program.
            try await cancelWhenGracefulShutdown { try await clock.sleep(for: duration) }
        } catch {
            // Cancelled or stopping: the caller looks at the task.
        }
    }

    /// How many containers are probed at once while looking.
    private static let width = 16

    /// The same containers, each running one of ours with the verdict of one probe.
    func judged(_ containers: [ObservedContainer], by checks: [RouteKey: HealthCheck]) async -> [ObservedContainer] {
        var judged = containers
        await withTaskGroup(of: (Int, ObservedContainer.Health).self) { group in
            var running = 0
            for (index, container) in containers.enumerated() {
                guard let question = Question(container, checks) else { continue }
                if running >= Self.width, let (index, health) = await group.next() {
                    judged[index].health = health
                    running -= 1
                }
                running += 1
                group.addTask {
                    let complaint = await engine.probe(
                        question.check.probe, at: question.address, timeoutMillis: question.check.timeoutMillis)
                    return (index, complaint == nil ? .healthy : .unhealthy)
                }
            }
            for await (index, health) in group { judged[index].health = health }
        }
        return judged
    }

    private struct Question {
        let check: HealthCheck
        let address: String

        /// `nil` for what cannot be asked from outside, or does not run.
        init?(_ container: ObservedContainer, _ checks: [RouteKey: HealthCheck]) {
            guard container.state == .running, let mark = container.ownership.mark, let service = mark.service,
                let check = checks[RouteKey(sandbox: mark.sandbox, service: service)],
                let address = container.attachments.min(by: { $0.key < $1.key })?.value.address, !address.isEmpty
            else { return nil }
            if case .command = check.probe { return nil }
            self.check = check
            self.address = address
        }
    }
}
