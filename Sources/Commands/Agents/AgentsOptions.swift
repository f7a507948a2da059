internal import AgentProtocol
internal import AgentTransport
internal import ArgumentParser
internal import Model

/// Whether other machines serve this controller, and whether it serves itself.
struct AgentsOptions: ParsableArguments {
    @Option(help: "Listen for agents of other machines at [HOST:]PORT (standard port: 3452).")
    var agents: String?

    @Flag(help: "This machine is no node: everything is done by agents.")
    var noLocal = false

    func validate() throws {
        guard !noLocal || agents != nil else {
            throw ValidationError("--no-local leaves nobody to do anything; say --agents \(HostPort.standardPort) too")
        }
        _ = try address
    }

    /// `nil` where no agent is let in.
    var address: HostPort? {
        get throws {
            guard let agents else { return nil }
            return try Self.address(agents)
        }
    }

    /// A number alone is a port.
    static func address(_ text: String) throws -> HostPort {
        do throws(LinkError) {
            let isPort = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
            return try HostPort(isPort ? ":" + text : text)
        } catch {
            throw ValidationError("--agents \(text): \(error)")
        }
    }
}
