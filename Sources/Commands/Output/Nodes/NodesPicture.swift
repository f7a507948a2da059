package import Model
package import Reconciler

/// Everything that is known of the nodes, with the time at which it is told.
package struct NodesPicture: Sendable {
    /// What it is made of: the journal, the authority, and the manifests where they can be read.
    package struct Sources: Sendable {
        package var statuses: [NodeStatus]
        package var cordons: [Cordon]
        package var entries: [LedgerEntry]
        package var allocations: [Allocation]
        package var sandboxes: [SandboxStatus]
        package var certificates: [Certificate]
        package var desired: [NodeName: DesiredNode]?
        package var gateways: [GatewayName: NodeName]

        package init(
            statuses: [NodeStatus] = [], cordons: [Cordon] = [], entries: [LedgerEntry] = [],
            allocations: [Allocation] = [], sandboxes: [SandboxStatus] = [], certificates: [Certificate] = [],
            desired: [NodeName: DesiredNode]? = nil, gateways: [GatewayName: NodeName] = [:]
        ) {
            self.statuses = statuses
            self.cordons = cordons
            self.entries = entries
            self.allocations = allocations
            self.sandboxes = sandboxes
            self.certificates = certificates
            self.desired = desired
            self.gateways = gateways
        }
    }

    /// By which a node proves that it is who it says.
    package struct Certificate: Hashable, Sendable {
        package let node: NodeName
        package let serial: String
        package let issuedAt: Timestamp
        package let expiresAt: Timestamp
        package let isRevoked: Bool

        package init(node: NodeName, serial: String, issuedAt: Timestamp, expiresAt: Timestamp, isRevoked: Bool) {
            self.node = node
            self.serial = serial
            self.issuedAt = issuedAt
            self.expiresAt = expiresAt
            self.isRevoked = isRevoked
        }
    }

    /// A sandbox that has something on a node.
    package struct Resident: Hashable, Sendable {
        package let sandbox: SandboxName
        package let containers: Int
        /// `nil` of one that no look has told of yet.
        package let phase: SandboxStatus.Phase?
        /// Whether we chose the node, so that we may choose another.
        package let isMovable: Bool
        /// Where its manifest is, in words.
        package let cause: String
    }

    package struct Node: Sendable {
        package let name: NodeName
        package var status: NodeStatus?
        package var cordon: Cordon?
        package var desired: DesiredNode?
        /// The one in force that ends last.
        package var certificate: Certificate?
        /// Certificates that were taken back.
        package var revoked: Int
        /// In order of name.
        package var residents: [Resident]
        package var ports: [UInt16]
        package var subnets: [Subnet]
        package var gateways: [GatewayName]
    }

    /// In order of name.
    package let nodes: [Node]
    /// Whether somebody keeps it true.
    package let daemon: Standing.Daemon
    package let now: Timestamp

    package init(_ sources: Sources, daemon: Standing.Daemon, now: Timestamp) {
        let residents = Self.residents(sources)
        let named = Set(sources.statuses.map(\.node)).union(sources.cordons.map(\.node))
            .union(sources.certificates.map(\.node)).union((sources.desired ?? [:]).keys).union(residents.keys)
        nodes = named.sorted().map { name in
            let certificates = sources.certificates.filter { $0.node == name }
            return Node(
                name: name, status: sources.statuses.first { $0.node == name },
                cordon: sources.cordons.first { $0.node == name }, desired: sources.desired?[name],
                certificate: certificates.filter { !$0.isRevoked }.max { $0.expiresAt < $1.expiresAt },
                revoked: certificates.count(where: \.isRevoked), residents: residents[name] ?? [],
                ports: sources.allocations.compactMap { $0.port(on: name) }.sorted(),
                subnets: sources.allocations.compactMap { $0.subnet(on: name) }.sorted { $0.base < $1.base },
                gateways: sources.gateways.filter { $0.value == name }.keys.sorted())
        }
        self.daemon = daemon
        self.now = now
    }

    /// The one of this name, or a sentence with the nearest names.
    package func node(_ name: NodeName) throws -> Node {
        guard let node = nodes.first(where: { $0.name == name }) else {
            throw Unknown(name: name, known: nodes.map(\.name.text))
        }
        return node
    }

    package struct Unknown: Error {
        package let name: NodeName
        package let known: [String]
    }

    private static func residents(_ sources: Sources) -> [NodeName: [Resident]] {
        let statuses = Dictionary(sources.sandboxes.map { ($0.sandbox, $0) }) { first, _ in first }
        var containers: [NodeName: [SandboxName: Int]] = [:]
        for entry in sources.entries {
            guard let sandbox = entry.sandbox else { continue }
            containers[entry.node, default: [:]][sandbox, default: 0] += entry.kind == .container ? 1 : 0
        }
        var chosen: [NodeName: Set<SandboxName>] = [:]
        for allocation in sources.allocations {
            guard case .place(let node, let sandbox) = allocation.resource else { continue }
            chosen[node, default: []].insert(sandbox)
            containers[node, default: [:]][sandbox, default: 0] += 0
        }
        var residents: [NodeName: [Resident]] = [:]
        for (node, counts) in containers {
            residents[node] = counts.sorted { $0.key < $1.key }.map { sandbox, count in
                Resident(
                    sandbox: sandbox, containers: count, phase: statuses[sandbox]?.phase,
                    isMovable: chosen[node]?.contains(sandbox) ?? false, cause: statuses[sandbox]?.cause ?? "")
            }
        }
        return residents
    }
}

extension NodesPicture.Node {
    /// Whether new sandboxes come to it, in a word.
    var scheduling: String {
        if let cordon { return cordon.isDraining ? "Draining" : "Cordoned" }
        return desired?.isCordoned == true ? "Cordoned" : "Open"
    }

    var state: String { status?.connection.rawValue ?? (certificate == nil ? "Not joined" : "Never seen") }

    var tone: Tone {
        switch status?.connection {
        case .local?, .connected?: .good
        case .away?: .bad
        case nil: .busy
        }
    }

    /// What is to be done about it, where something is.
    var remedy: String? {
        switch status?.connection {
        case .local?, .connected?: nil
        case .away? where certificate == nil, nil where certificate == nil:
            "berth node token \(name) lets its agent join"
        case .away?, nil: "start berth agent on \(name); it dials in by itself"
        }
    }

    /// Clocks further apart than this are told of.
    private static let tolerableSkew: Int64 = 2000

    /// `1 h 0 min ahead`; `nil` where the clocks agree, or nothing is known.
    var skew: String? {
        guard let skew = status?.skewMillis, abs(skew) >= Self.tolerableSkew else { return nil }
        return "\(words(milliseconds: abs(skew))) \(skew > 0 ? "ahead" : "behind")"
    }

    /// `MICRO,GATEWAY`, in the order of the manifest's words.
    var roles: String {
        let roles = DesiredNode.Role.allCases.filter { desired?.roles.contains($0) == true }
        return roles.isEmpty ? "-" : roles.map(\.rawValue).joined(separator: ",")
    }
}

extension Allocation {
    fileprivate func port(on name: NodeName) -> UInt16? {
        if case .published(name, let port, _, _) = resource { port } else { nil }
    }

    fileprivate func subnet(on name: NodeName) -> Subnet? {
        if case .subnet(name, let subnet) = resource { subnet } else { nil }
    }
}
