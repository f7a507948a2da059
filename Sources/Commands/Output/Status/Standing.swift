package import Model
package import Reconciler

/// Everything `berth status` tells, with the time at which it is told.
package struct Standing: Sendable {
    /// The process that keeps the picture true.
    package enum Daemon: Hashable, Sendable {
        case running(processID: Int32?)
        /// Nobody keeps it: the process named in the journal is gone, or none ever was.
        case notRunning
    }

    package let sandboxes: [SandboxStatus]
    /// `nil` before the first look.
    package let fleet: FleetStatus?
    package let daemon: Daemon
    /// Where the gateway's ports are reached.
    package let host: String
    package let now: Timestamp

    package init(
        sandboxes: [SandboxStatus], fleet: FleetStatus?, daemon: Daemon, host: String = "localhost", now: Timestamp
    ) {
        self.sandboxes = sandboxes.sorted { $0.sandbox < $1.sandbox }
        self.fleet = fleet
        self.daemon = daemon
        self.host = host
        self.now = now
    }

    func address(of status: SandboxStatus) -> String? { status.port.map { "http://\(host):\($0)" } }
}

/// A sentence that a person should read, and what to do about it.
struct Notice: Hashable, Sendable {
    let sentence: String
    /// `nil` where the sentence says it itself.
    let remedy: String?

    init(_ sentence: String) {
        self.sentence = sentence
        let known = Self.remedies.first { sentence.contains($0.words) }
        remedy = if let known { known.remedy } else { "berth events shows what led to it" }
    }

    /// By words of the sentences that the planner and the fleet make; the first that matches.
    private static let remedies: [(words: String, remedy: String?)] = [
        ("berth ", nil),
        (": error: ", "mend the file and push; berth validate shows every problem"),
        ("cannot be read", "mend what cannot be read; it is tried again by itself"),
        ("is away", "start the engine of that node; it is looked at again by itself"),
        ("which nobody serves", "name a node that is served, or run berth serve there"),
    ]
}

extension SandboxStatus {
    /// `2/3 healthy`, of the containers of its own; what is shared is not its health.
    var tally: String {
        let own = services.filter { $0.health != "-" }
        guard !own.isEmpty else { return services.isEmpty ? "none" : "shared only" }
        return "\(own.count { $0.health == "Healthy" && !hasFailed($0) })/\(own.count) healthy"
    }

    var tone: Tone { phase.tone }

    /// What answers requests where the newest version does not.
    var serving: String? {
        guard phase == .failed, let attempted, attempted != applied else { return nil }
        guard let applied else { return "nothing yet; \(attempted.short) failed" }
        return "what was there before, of \(applied.short); \(attempted.short) failed"
    }

    /// Whether its newest version is what failed: the message names its container.
    func hasFailed(_ service: SandboxStatus.Service) -> Bool {
        guard serving != nil else { return false }
        let name = "sandbox-\(sandbox)-\(service.name)"
        return message.ranges(of: name).contains { range in
            let rest = message[range.upperBound...]
            // A later container of the service has a generation at the end of its name.
            return rest.hasPrefix(":") || rest.hasPrefix(" ") || rest.prefixMatch(of: /-g[0-9]+[: ]/) != nil
        }
    }
}

extension SandboxStatus.Phase {
    fileprivate var tone: Tone {
        switch self {
        case .ready: .good
        case .pending, .progressing, .deleting, .held: .busy
        case .degraded, .failed: .bad
        case .suspended: .faint
        }
    }
}

extension SandboxStatus.Service {
    var tone: Tone {
        switch health {
        case "Healthy": .good
        case "-": .faint
        case "Starting", "Paused": .busy
        default: .bad
        }
    }
}
