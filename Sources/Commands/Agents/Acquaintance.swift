internal import AgentProtocol
internal import AgentService
internal import AgentTransport
internal import Foundation
internal import Logging
internal import Model
internal import SQLiteJournal
internal import ServiceLifecycle

/// How an agent and its controller come to know each other: the certificate, and whose labels this machine's containers
/// carry.
struct Acquaintance: Sendable {
    /// Between two attempts at a controller that cannot be reached; it doubles up to the longest.
    private static let patience = Duration.seconds(1)
    private static let longestPatience = Duration.seconds(30)
    /// Between two looks whether the certificate is to be renewed.
    private static let renewalRhythm = Duration.seconds(600)

    private let address: HostPort
    private let credentials: AgentCredentials
    private let logger: Logger

    init(at address: HostPort, _ credentials: AgentCredentials, logger: Logger) {
        self.address = address
        self.credentials = credentials
        self.logger = logger
    }

    /// The node that this machine is, by its certificate. Joins first where there is a token for that.
    func node(joiningWith token: GivenToken?, named name: NodeName?) async throws -> NodeName {
        if let token {
            try await persist("join") { () async throws(LinkError) in
                try await credentials.join(token.secret, at: address)
            }
        }
        guard let node = credentials.node else {
            throw Complaint(
                "this agent has not joined yet: make a token at the controller (berth node token "
                    + "\(name?.text ?? "NODE")), and start the agent once with --join TOKEN")
        }
        guard name == nil || name == node else {
            throw Complaint(
                "the configuration says node: \(name?.text ?? ""), and the certificate of this agent is of \(node); "
                    + "correct the configuration, or join as another node with a new token and another data directory")
        }
        return node
    }

    /// Whose labels our containers carry: kept since the first session, else asked for.
    func installation(of node: NodeName, in directory: DataDirectory, log: any OrderLog) async throws -> InstallationID
    {
        if let known = directory.knownInstallation { return known }
        let epoch = try await log.highestEpoch()
        let greeting = try await persist("first session") { () async throws(LinkError) -> Welcome in
            try await welcome(to: node, epoch)
        }
        try directory.keep(greeting.installation)
        return greeting.installation
    }

    /// Dials, and lets no controller in whose installation is another one.
    func dial(expecting installation: InstallationID) -> @Sendable () async throws(LinkError) -> LinkToController {
        let dialer = AgentDialer(address, credentials: credentials)
        return { () async throws(LinkError) in
            AcquaintedLink(try await dialer.dial(), expecting: installation)
        }
    }

    /// Says hello once, for what the controller answers.
    private func welcome(to node: NodeName, _ epoch: Epoch) async throws(LinkError) -> Welcome {
        let link = try await AgentDialer(address, credentials: credentials).dial()
        let result = await answer(
            to: Hello(node: node, boot: "acquaintance", epoch: epoch, now: .now, engine: ""), over: link)
        await link.close()
        return try result.get()
    }

    private func answer(to hello: Hello, over link: LinkToController) async -> Result<Welcome, LinkError> {
        await withTaskGroup(of: Result<Welcome, LinkError>.self) { group in
            group.addTask {
                do throws(LinkError) {
                    try await link.send(.hello(hello))
                    switch try await link.receive() {
                    case .welcome(let welcome)?: return .success(welcome)
                    case .refusal(let sentence)?: return .failure(LinkError(.refused, sentence))
                    case .observe?, .perform?, .withdraw?, .tail?, .beat?:
                        return .failure(LinkError(.malformed, "the controller did not answer the hello"))
                    case nil: return .failure(LinkError(.lost, "the controller ended the session"))
                    }
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                do { try await Task.sleep(for: Bounds.handshake) } catch {  // SAFE: a bounded wait
                    return .failure(LinkError(.lost, "given up"))
                }
                await link.close()
                return .failure(LinkError(.lost, "the controller did not answer the hello"))
            }
            let first = await group.next() ?? .failure(LinkError(.lost, "nobody answered"))
            group.cancelAll()
            return first
        }
    }

    /// Tries until it works, or until trying again changes nothing.
    private func persist<Value: Sendable>(
        _ what: String, _ attempt: () async throws(LinkError) -> Value
    ) async throws -> Value {
        var wait = Self.patience
        var said = ""
        while true {
            do throws(LinkError) {
                return try await attempt()
            } catch {
                switch error.failure {
                case .refused, .malformed: throw Complaint("\(error)")
                case .lost: break
                }
                if said != error.message {
                    said = error.message
                    logger.warning(
                        "The controller cannot be reached; it is tried again",
                        metadata: ["for": "\(what)", "controller": "\(address)", "error": "\(error)"])
                }
            }
            try await Task.sleep(for: wait)  // SAFE: one bounded pause
            wait = min(wait * 2, Self.longestPatience)
        }
    }

    /// Replaces the certificate in time, also in a session that never ends.
    var renewal: Renewal { Renewal(address: address, credentials: credentials, logger: logger) }

    struct Renewal: Service {
        let address: HostPort
        let credentials: AgentCredentials
        let logger: Logger

        func run() async {
            var said = ""
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                do throws(LinkError) {
                    if try await credentials.renewWhenDue(at: address) { logger.info("The certificate is renewed") }
                    said = ""
                } catch {
                    if said != error.message {
                        logger.warning("The certificate is not renewed", metadata: ["error": "\(error)"])
                    }
                    said = error.message
                }
                do { try await pause(Acquaintance.renewalRhythm) } catch { return }
            }
        }
    }
}

/// A link to a controller whose installation is known: another one is refused before anything is done for it.
struct AcquaintedLink: Link {
    private let link: LinkToController
    private let installation: InstallationID

    init(_ link: LinkToController, expecting installation: InstallationID) {
        self.link = link
        self.installation = installation
    }

    func send(_ frame: AgentFrame) async throws(LinkError) { try await link.send(frame) }

    func receive() async throws(LinkError) -> ControllerFrame? {
        let frame = try await link.receive()
        guard case .welcome(let welcome)? = frame, welcome.installation != installation else { return frame }
        throw LinkError(
            .refused,
            "the controller is of installation \(welcome.installation), and what this agent made carries the mark of "
                + "\(installation); restore the secrets folder of the controller, or give this agent a new data directory"
        )
    }

    func close() async { await link.close() }
}
