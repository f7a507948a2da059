internal import AgentProtocol
internal import AgentTransport
internal import ArgumentParser
internal import Foundation
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
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard !isNumber || UInt16(text) != nil else {
            throw ValidationError(
                "--agents \(text): the port is a number from 0 to 65535, as in \(HostPort.standardPort)")
        }
        let address: HostPort
        do throws(LinkError) {
            address = try HostPort(isNumber ? ":" + text : text)
        } catch {
            throw ValidationError("--agents \(text): \(error)")
        }
        guard address.host.isEmpty || isNumeric(address.host) else {
            throw ValidationError(
                "--agents \(text): \(address.host) is no IP address of this machine; write \(HostPort.standardPort) for "
                    + "all of them, or 127.0.0.1:\(HostPort.standardPort)")
        }
        return address
    }

    /// One listens at addresses; names are for those who dial.
    private static func isNumeric(_ host: String) -> Bool {
        var bytes = in6_addr()
        return inet_pton(host.contains(":") ? AF_INET6 : AF_INET, host, &bytes) == 1
    }
}
