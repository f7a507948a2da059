package import Model

// A node's Host is its engine and its gateway driver together (``NodeHost``); these are the two halves.

/// A container engine. Every verb is harmless when repeated: what is already so is not an error.
package protocol ContainerEngine: Sendable {
    /// What the engine has, of one sandbox or of everything. Foreign things are part of the answer.
    func survey(_ sandbox: SandboxName?) async throws(HostError) -> EngineSurvey

    func createNetwork(_ draft: NetworkDraft, as uid: ResourceUID) async throws(HostError)
    func removeNetwork(id: String) async throws(HostError)

    /// Makes the file that the containers of a sandbox see as `/etc/hosts`, or brings it up to date under those that
    /// run: they read the new names at once.
    func setNames(_ names: SandboxNames) async throws(HostError)
    func removeNames(_ sandbox: SandboxName) async throws(HostError)

    func pull(_ image: ImageReference) async throws(HostError)
    /// Makes the container and puts its files into it; does not start it.
    func create(_ draft: ContainerDraft, secrets: [SecretReference: Secret<String>], as uid: ResourceUID)
        async throws(HostError)
    func start(_ container: ContainerHandle) async throws(HostError)
    func unpause(_ container: ContainerHandle) async throws(HostError)
    func connect(_ container: ContainerHandle, network: String, address: String, alias: String)
        async throws(HostError)
    func updateLimits(_ container: ContainerHandle, _ limits: Limits) async throws(HostError)
    func rename(_ container: ContainerHandle, to name: String) async throws(HostError)
    func stop(_ container: ContainerHandle) async throws(HostError)
    /// Also a running one. Its anonymous volumes go with it.
    func remove(_ container: ContainerHandle) async throws(HostError)

    func condition(of container: ContainerHandle) async throws(HostError) -> ContainerCondition
    /// Asks once whether the container serves; `nil` is yes, otherwise what was wrong. `.command` probes are the
    /// engine's own and are answered by ``condition(of:)``.
    func probe(_ probe: HealthCheck.Probe, at address: String, timeoutMillis: Int) async -> String?

    /// Enters this installation as the one that acts on the engine. Refused, naming the holder, where another does.
    func acquireLease(_ holder: LeaseHolder) async throws(HostError)
    func releaseLease() async throws(HostError)

    /// Hints from the engine's events; reconnects by itself, and says `.everything` after each connection.
    func changes() -> AsyncStream<Hint>
}

package struct EngineSurvey: Sendable {
    package var containers: [ObservedContainer]
    package var networks: [ObservedNetwork]
    /// Image ids by normalised reference.
    package var images: [String: String]
    package var busyPorts: Set<UInt16>
    package var names: [SandboxName: SandboxNames]
    package var namesRoot: String

    package init(
        containers: [ObservedContainer] = [], networks: [ObservedNetwork] = [], images: [String: String] = [:],
        busyPorts: Set<UInt16> = [], names: [SandboxName: SandboxNames] = [:], namesRoot: String = ""
    ) {
        self.containers = containers
        self.networks = networks
        self.images = images
        self.busyPorts = busyPorts
        self.names = names
        self.namesRoot = namesRoot
    }
}

package struct ContainerCondition: Hashable, Sendable {
    package let state: ObservedContainer.State
    package let health: ObservedContainer.Health
    package let exitCode: Int?
    package let restarts: Int
    /// The last lines it wrote, at most 2 KiB, for the message of a failure.
    package let lastOutput: String

    package init(
        state: ObservedContainer.State, health: ObservedContainer.Health, exitCode: Int?, restarts: Int,
        lastOutput: String
    ) {
        self.state = state
        self.health = health
        self.exitCode = exitCode
        self.restarts = restarts
        self.lastOutput = lastOutput
    }
}

/// Who acts on an engine, for the sentence that refuses a second one.
package struct LeaseHolder: Hashable, Sendable {
    package let installation: InstallationID
    package let machine: String
    package let dataDirectory: String
    /// The node that an agent is; `nil` for the controller itself. All of them are of one installation.
    package let agent: NodeName?

    package init(installation: InstallationID, machine: String, dataDirectory: String, agent: NodeName? = nil) {
        self.agent = agent
        self.installation = installation
        self.machine = machine
        self.dataDirectory = dataDirectory
    }
}

/// A program that sends requests to sandboxes: its tables are changed without losing a request, and read back.
package protocol GatewayDriver: Sendable {
    /// What the live tables say; a gateway that is down is an answer, not an error.
    func survey(_ gateway: DesiredGateway) async throws(HostError) -> ObservedGateway

    /// Every gateway there is beside those named: what no manifest names any more.
    func gateways(except named: Set<GatewayName>) async throws(HostError) -> [GatewayName: ObservedGateway]
    /// Hints that a gateway that ran is gone, or that a baseline does otherwise. Ends when the task is cancelled.
    func changes() -> AsyncStream<Hint>

    /// Starts the gateway, or moves it to the listeners of `gateway` without losing a request.
    func configure(_ gateway: DesiredGateway) async throws(HostError)
    /// Stops the gateway and removes its files.
    func dismantle(_ gateway: GatewayName) async throws(HostError)

    func admit(_ sandbox: SandboxName, _ admission: Admission, to gateway: GatewayName) async throws(HostError)
    func dismiss(_ sandbox: SandboxName, from gateway: GatewayName) async throws(HostError)
    /// Changes the live table, reads it back, and writes the file a restart begins with. Refuses a literal target whose
    /// name leads where ``TargetPolicy`` never lets requests go.
    func setRoute(_ key: RouteKey, to target: RouteTarget, on gateway: GatewayName)
        async throws(HostError) -> Receipt.Flip
    func removeRoute(_ key: RouteKey, on gateway: GatewayName) async throws(HostError) -> Receipt.Flip
    /// Puts all rules of a scope in the place of those it had, in one step; none removes them.
    func setRules(_ rules: [RouteRule], of scope: RouteScope, on gateway: GatewayName) async throws(HostError)
    /// How many sessions are open to an address now.
    func openSessions(to address: String, port: UInt16, on gateway: GatewayName) async throws(HostError) -> Int
}
