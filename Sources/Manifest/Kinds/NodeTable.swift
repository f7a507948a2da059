internal import Model

struct NodeSpec: Sendable {
    enum Runtime: String, CaseIterable, Sendable { case docker, podman }

    struct Pool: Sendable {
        var name = ""
        var from: UInt16 = 1
        var to: UInt16 = 1
    }
    struct Subnets: Sendable {
        var cidr: Subnet?
        var perSandboxPrefix: Int?
    }

    var roles: [DesiredNode.Role] = []
    var address: String?
    var isOffline: Bool?
    var portPools: [Pool] = []
    var subnets = Subnets()
    var isCordoned: Bool?
    var labels: [Named<String>] = []
    var capacity: CapacitySpec?
    var buildWidth: Int?
}

extension NodeSpec {
    static let table = KindTable(
        .node, "A machine with a container engine.", NodeSpec(),
        [
            Field("type", Shape<DesiredNode.Role>.choice, typeDoc) { $0.roles = [$1] },
            Field(
                "types", Shape<DesiredNode.Role>.choice.list(atLeast: 1),
                "What the machine is for, if it is several things."
            ) { $0.roles = $1 },
            Field(
                "address", .text("a host name or an address; write it without port or path", where: isHost),
                "Where other machines reach it; a gateway on another one needs it."
            ) { $0.address = $1 },
            Field("runtime", Shape<Runtime>.choice, default: "docker", "The container engine.") { _, _ in },
            Field("offline", .boolean, default: "true", "Never pull images: they must be there already.") {
                $0.isOffline = $1
            },
            Field("portPools", pool.list(), default: "9001 to 9499", "Where published ports come from.") {
                $0.portPools = $1
            },
            Field("subnetPool", subnetPool, "Where the networks of sandboxes come from.") { $0.subnets = $1 },
            Field("labels", Shape<String>.text.keyed(), "Words that placement chooses it by.") { $0.labels = $1 },
            Field("builds", builds, "How sources are built on it.") { $0.buildWidth = $1 },
            Field("capacity", CapacitySpec.shape, "What sandboxes may use of it; without it nothing is counted.") {
                $0.capacity = $1
            },
            Field("cordoned", .boolean, default: "false", "Takes no new sandboxes; those on it stay.") {
                $0.isCordoned = $1
            },
        ],
        check: { node, mark, reader in
            if mark["type"] != nil, mark["types"] != nil {
                reader.report(mark.mark, "exclusive", "\"type\" and \"types\" say the same; keep one of them")
            }
        },
        wrap: Spec.node)

    private static let typeDoc =
        "What the machine is for; sandboxes that name no machine go to those of type MICRO, where there are any."

    private static let pool = Shape<Pool>.record(
        "portPool", Pool(),
        [
            Field("name", .name, required: true, "What the pool is called.") { $0.name = $1 },
            Field("from", .port, required: true, "The first port of it.") { $0.from = $1 },
            Field("to", .port, required: true, "The last port of it.") { $0.to = $1 },
        ]
    ) { pool, node, reader in
        if pool.from > pool.to {
            reader.report(node.mark, "range", "\"from\" is above \"to\"; swap \(pool.from) and \(pool.to)")
        }
    }

    private static let builds = Shape<Int?>.record(
        "builds", nil, [Field("width", .integer(1...64), default: "2", "How many builds run at once.") { $0 = $1 }])

    private static let subnetPool = Shape<Subnets>.record(
        "subnetPool", Subnets(),
        [
            Field(
                "cidr",
                Shape<Subnet>.parsed(
                    .text(pattern: "^[0-9.]+/[0-9]+$"),
                    "a network; write it like 10.210.0.0/16, no bit set after the prefix"
                ) { Subnet($0) }, default: "10.210.0.0/16", "The network that is divided among sandboxes."
            ) { $0.cidr = $1 },
            Field(
                "perSandboxPrefix", .integer(16...29), default: "28", "The prefix of one sandbox's network."
            ) { $0.perSandboxPrefix = $1 },
        ]
    ) { pool, node, reader in
        if let cidr = pool.cidr, cidr.prefix > (pool.perSandboxPrefix ?? 28) {
            reader.report(
                node.mark, "range",
                "\(cidr) is smaller than one sandbox's network (/\(pool.perSandboxPrefix ?? 28)); "
                    + "give a larger network")
        }
    }

    @Sendable private static func isHost(_ text: String) -> Bool { EndpointText.isHost(text) }
}
