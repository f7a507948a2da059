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
    /// The node of each sandbox that has something on one; empty where there is one node, which need not be named.
    package let nodes: [SandboxName: NodeName]
    /// Where the gateway's ports are reached.
    package let host: String
    package let now: Timestamp

    package init(
        sandboxes: [SandboxStatus], fleet: FleetStatus?, daemon: Daemon, nodes: [SandboxName: NodeName] = [:],
        host: String = "localhost", now: Timestamp
    ) {
        self.sandboxes = sandboxes.sorted { $0.sandbox < $1.sandbox }
        self.fleet = fleet
        self.daemon = daemon
        self.nodes = nodes
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

    /// A gateway that is being configured is on its way.
    var isTrouble: Bool { !sentence.hasSuffix(" is being configured") }

    /// By words of the sentences that the planner and the fleet make; the first that matches.
    private static let remedies: [(words: String, remedy: String?)] = [
        ("berth ", nil),
        ("bring the node back", nil),
        ("is being configured", nil),
        (
            " does not serve: ",
            "mend the shared deployment, or its address in the manifests; it is asked again by itself"
        ),
        (": error: ", "mend the file and push; berth validate shows every problem"),
        ("write placement", nil),
        ("cannot be read", "mend what cannot be read; it is tried again by itself"),
        // What the engine of this machine is asked over says its own remedy.
        ("no engine: ", nil),
        ("no permission to use ", nil),
        ("the engine at ", "start the engine of that node; it is looked at again by itself"),
        ("which is away", "berth node list says why it is away"),
        ("is away", "start berth agent there; berth node list says why it is away"),
        ("has the SHA-256", "bring the right archive, or correct sha256 in the manifest; it is tried again by itself"),
        (
            "which nobody serves",
            "berth serve --agents 3452 lets its agent in; where it is this machine, name it: berth serve --node NODE"
        ),
    ]
}

extension SandboxStatus {
    /// `2/3 healthy`, of the containers of its own; what is shared is not its health.
    var tally: String {
        let own = services.filter { $0.health != "-" }
        guard !own.isEmpty else { return services.isEmpty ? "none" : "shared only" }
        // Where a service's own newest commit failed, what was there before is what is wanted of the manifests.
        let isBehind = attempted != applied
        return "\(own.count { $0.health == "Healthy" && !(isBehind && hasFailed($0)) })/\(own.count) healthy"
    }

    var tone: Tone { phase.tone }

    /// What shows more, or helps, where the message does not say it itself.
    var remedies: [String] {
        services.filter { hasFailed($0) && !isRefused }.map { service in
            // `build of account (main @ 4be1c2d) failed: …`
            let isMade = !message.contains(" of \(service.name) (")
            return "berth logs \(sandbox)/\(service.name)\(isMade ? "" : " --build") shows all that it wrote"
        } + (message.contains(" cannot be reached: ") ? ["mend its path or url; it is asked again by itself"] : [])
    }

    /// Whether its node refused what was asked of it: nothing was started then, and nobody wrote a log.
    private var isRefused: Bool {
        ["may not be published", "may not read", "agent's configuration"].contains { message.contains($0) }
    }

    /// What answers requests where the newest version does not.
    var serving: String? {
        guard phase == .failed, let attempted else { return nil }
        // The manifests are where they were, and a service's own newest commit is not.
        guard attempted != applied else {
            let isServed = services.contains { hasFailed($0) && $0.health == "Healthy" }
            return isServed ? "what was there before; the newest version failed" : nil
        }
        guard let applied else { return "nothing yet; \(attempted.short) failed" }
        return "what was there before, of \(applied.short); \(attempted.short) failed"
    }

    /// Whether its newest version is what failed: the message names its build, or its container.
    func hasFailed(_ service: SandboxStatus.Service) -> Bool {
        guard phase == .failed else { return false }
        if message.contains(" of \(service.name) (") { return true }
        let name = "sandbox-\(sandbox)-\(service.name)"
        return message.ranges(of: name).contains { range in
            let rest = message[range.upperBound...]
            // A later container of the service has a generation at the end of its name.
            return rest.hasPrefix(":") || rest.hasPrefix(" ") || rest.prefixMatch(of: /-g[0-9]+[: ]/) != nil
        }
    }
}

extension SandboxStatus.Phase {
    var tone: Tone {
        switch self {
        case .ready: .good
        case .pending, .progressing, .deleting, .held: .busy
        case .degraded, .failed, .unknown: .bad
        case .suspended: .faint
        }
    }
}

extension SandboxStatus.Service {
    /// `branch main @ 4be1c2d`, `commit 4be1c2d`.
    var spokenUse: String {
        let words = use.split(separator: " ")
        guard words.count > 1, words[0] == "branch", isCommit(words[1]) else { return use }
        return "commit \(words[1].prefix(7))"
    }

    var tone: Tone {
        switch health {
        case "Healthy": .good
        case "-": .faint
        case "Starting", "Paused": .busy
        default: .bad
        }
    }
}
