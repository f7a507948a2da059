/// Something of a limited pool that a sandbox holds until it is deleted.
package struct Allocation: Hashable, Sendable {
    package enum Resource: Hashable, Sendable {
        case subnet(NodeName, Subnet)
        /// A port of the gateway's own range.
        case listener(GatewayName, UInt16)
        /// A node port published for one container port.
        case published(NodeName, UInt16, ServiceName, container: UInt16)
        /// The node that was chosen for a sandbox whose author names none.
        case place(NodeName, of: SandboxName)
    }

    package let sandbox: SandboxName
    package let resource: Resource

    package init(_ resource: Resource, to sandbox: SandboxName) {
        self.sandbox = sandbox
        self.resource = resource
    }
}

extension Allocation.Resource {
    /// The node that it is of; `nil` for what is a gateway's.
    package var node: NodeName? {
        switch self {
        case .subnet(let node, _), .published(let node, _, _, container: _), .place(let node, of: _): node
        case .listener: nil
        }
    }
}

extension Allocation: CustomStringConvertible {
    package var description: String {
        switch resource {
        case .subnet(let node, let subnet): "subnet \(subnet) on \(node)"
        case .listener(let gateway, let port): "port \(port) of gateway \(gateway)"
        case .published(let node, let port, let service, let container):
            "port \(port) of \(node) for \(service):\(container)"
        case .place(let node, let sandbox): "place of \(sandbox) on \(node)"
        }
    }
}
