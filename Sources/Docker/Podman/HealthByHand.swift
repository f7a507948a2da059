internal import Foundation
internal import Model
internal import Reconciler

extension DockerEngine {
    /// The container, and of Podman with a verdict that is not too old: it runs health commands by timers of systemd,
    /// and where there is none nobody runs them. Then this does, each time that somebody asks how the container is.
    func checked(_ container: ContainerHandle, for operation: String) async throws(HostError) -> InspectedContainer? {
        let found = try await inspect(reference(container), for: operation)
        guard let found, found.state.isRunning, let health = found.state.health,
            let interval = found.config.health?.interval, interval > 0,
            try await connection.kind(for: operation) == .podman,
            Self.age(of: health) > .nanoseconds(interval) * Self.missedChecks
        else { return found }
        // It may have ended meanwhile; the next look says so.
        _ = try await connection.send(Podman.check("/containers/\(found.id)"), for: operation)
        return try await inspect(found.id, for: operation)
    }

    /// A timer that works is not late by more.
    private static var missedChecks: Int { 2 }

    /// Since the last verdict; without one, longer than anything.
    private static func age(of health: InspectedContainer.State.Health) -> Duration {
        guard let end = health.log?.last?.end else { return .seconds(Int64.max) }
        do {
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: end.contains("."))
            return .seconds(Date().timeIntervalSince(try style.parse(end)))
        } catch {
            return .seconds(Int64.max)
        }
    }
}
