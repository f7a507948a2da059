package import Model

extension SandboxStatus {
    /// Where a sandbox stands by what was seen; what happened before is taken over from `last`.
    package init(
        of desired: DesiredSandbox, in observed: ObservedNode?, gateway: GatewayName?, last: SandboxStatus?,
        at time: Timestamp
    ) {
        let live = gateway.flatMap { observed?.gateways[$0] }
        let services = desired.services.sorted { $0.key < $1.key }.map { name, service in
            Service(name, service, of: desired.name, in: observed, live)
        }
        self.init(
            sandbox: desired.name, title: desired.title, owner: desired.owner,
            phase: Self.phase(of: desired, services), attempted: last?.attempted, applied: last?.applied,
            healthy: last?.healthy, cause: "\(Cause.manifest(desired.place, by: desired.changedBy))",
            port: live?.sandboxes[desired.name]?.port, services: services, updatedAt: time)
        if let commit = desired.lastGood {
            message = "kept at its last good version, of \(commit.short); the newest is broken: berth validate"
        }
    }

    /// The newest commit it is known to have stood at. It differs from ``applied`` where an older version is kept.
    package var reached: CommitID? {
        switch phase {
        case .ready, .degraded, .suspended: attempted
        case .pending, .progressing, .failed, .deleting, .held, .unknown: applied
        }
    }

    private static func phase(of desired: DesiredSandbox, _ services: [Service]) -> Phase {
        switch desired.state {
        case .suspended: .suspended
        case .active: services.allSatisfy(\.isWell) ? .ready : .degraded
        }
    }
}

extension SandboxStatus.Service {
    var isWell: Bool { health == "Healthy" || health == "-" }

    fileprivate init(
        _ name: ServiceName, _ service: DesiredService, of sandbox: SandboxName, in observed: ObservedNode?,
        _ live: ObservedGateway?
    ) {
        let target: String =
            switch live?.routes[RouteKey(sandbox: sandbox, service: name)] {
            case .endpoint(let endpoint, _)?: "\(endpoint)"
            case .failing(let endpoint, _)?: "\(endpoint) (failing)"
            case .starting?: "starting"
            case .suspended?: "suspended"
            case nil: ""
            }
        switch service.use {
        case .container(_, let branch, let making):
            let containers = observed?.containers.filter {
                $0.ownership.mark?.sandbox == sandbox && $0.ownership.mark?.service == name
            }
            self.init(
                name: name, use: Self.use(branch, making, containers ?? []), health: Self.health(containers ?? []),
                target: target)
        case .baseline: self.init(name: name, use: "baseline", health: "-", target: target)
        case .target: self.init(name: name, use: "target", health: "-", target: target)
        }
    }

    /// `branch feature/login`; with the commit that runs, where it is made of one.
    private static func use(_ branch: String?, _ making: Making?, _ containers: [ObservedContainer]) -> String {
        guard let making else { return "branch \(branch ?? "main")" }
        guard let commit = first(of: containers)?.ownership.mark?.origin?.commit else {
            return "branch \(making.reference)"
        }
        return "branch \(making.reference) @ \(commit.short)"
    }

    private static func first(of containers: [ObservedContainer]) -> ObservedContainer? {
        containers.min {
            ($0.state.rawValue == "running" ? 0 : 1, $0.id) < ($1.state.rawValue == "running" ? 0 : 1, $1.id)
        }
    }

    private static func health(_ containers: [ObservedContainer]) -> String {
        guard let container = first(of: containers) else { return "Missing" }
        switch (container.state, container.health) {
        case (.running, .none), (.running, .healthy): return "Healthy"
        case (.running, .starting), (.created, _): return "Starting"
        case (.running, .unhealthy), (.restarting, _), (.dead, _), (.removing, _): return "Unhealthy"
        case (.paused, _): return "Paused"
        case (.exited, _): return "Stopped"
        }
    }
}
