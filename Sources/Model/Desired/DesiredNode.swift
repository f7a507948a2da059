/// A machine with an engine.
package struct DesiredNode: Hashable, Sendable {
    /// What a machine is for.
    package enum Role: String, Hashable, Sendable, CaseIterable {
        case micro = "MICRO"
        case gateway = "GATEWAY"
        case infra = "INFRA"
    }

    /// A part of a machine, or of what containers may use.
    package struct Capacity: Hashable, Sendable {
        /// Thousandths of a processor.
        package var cpuMillis: Int64
        package var memoryBytes: Int64

        package init(cpuMillis: Int64, memoryBytes: Int64) {
            self.cpuMillis = cpuMillis
            self.memoryBytes = memoryBytes
        }
    }

    package let name: NodeName
    /// Never pulls; images must be present.
    package var isOffline: Bool
    /// Where published ports come from.
    package var portPool: ClosedRange<UInt16>
    package var subnetPool: Subnet
    package var perSandboxPrefix: Int
    /// How many builds run at once.
    package var buildWidth: Int
    /// Where other nodes reach it.
    package var address: String?
    package var roles: Set<Role>
    package var labels: [String: String]
    /// What sandboxes may use of it, its reserve already taken off; `nil` where nobody said.
    package var capacity: Capacity?
    /// Takes no new sandboxes.
    package var isCordoned: Bool
    package var place: Place?

    package init(
        name: NodeName, isOffline: Bool = true, portPool: ClosedRange<UInt16> = 9001...9499,
        subnetPool: Subnet? = nil, perSandboxPrefix: Int = 28, buildWidth: Int = standardBuildWidth,
        address: String? = nil, roles: Set<Role> = [], labels: [String: String] = [:], capacity: Capacity? = nil,
        isCordoned: Bool = false, place: Place? = nil
    ) {
        self.name = name
        self.isOffline = isOffline
        self.portPool = portPool
        self.subnetPool = subnetPool ?? Self.standardPool
        self.perSandboxPrefix = perSandboxPrefix
        self.buildWidth = buildWidth
        self.address = address
        self.roles = roles
        self.labels = labels
        self.capacity = capacity
        self.isCordoned = isCordoned
        self.place = place
    }

    package static let standardBuildWidth = 2

    /// 10.210.0.0/16: 4,096 sandboxes of /28.
    private static let standardPool: Subnet = {
        guard let pool = Subnet(base: 10 << 24 | 210 << 16, prefix: 16) else {
            preconditionFailure("10.210.0.0/16 is a subnet")
        }
        return pool
    }()
}
