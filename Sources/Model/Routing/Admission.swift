/// By what a gateway lets a sandbox through, beside its name.
package struct Admission: Hashable, Sendable {
    /// The gateway port of its own.
    package var port: UInt16?
    /// Its network on the gateway's node: who calls from there is of the sandbox.
    package var network: Subnet?

    package init(port: UInt16? = nil, network: Subnet? = nil) {
        self.port = port
        self.network = network
    }
}

/// What the names of services lead to inside one sandbox, beside the names of its own containers: the address on
/// which the gateway is reached from there.
package struct SandboxNames: Hashable, Sendable {
    package let sandbox: SandboxName
    package var address: String
    package var services: Set<ServiceName>

    package init(sandbox: SandboxName, address: String, services: Set<ServiceName>) {
        self.sandbox = sandbox
        self.address = address
        self.services = services
    }

    /// The file below ``ObservedNode/namesRoot`` that all containers of the sandbox see as `/etc/hosts`.
    package static func file(of sandbox: SandboxName, below root: String) -> String { "\(root)/\(sandbox)/hosts" }
}

/// How a baseline does, asked on the way its requests take.
package struct ObservedBaseline: Hashable, Sendable {
    /// What was wrong; `nil` when it serves, or was not asked.
    package var complaint: String?
    /// What it says it is, at most 200 characters.
    package var version: String?

    package init(complaint: String? = nil, version: String? = nil) {
        self.complaint = complaint
        self.version = version
    }
}
