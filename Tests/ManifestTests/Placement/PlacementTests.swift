import Manifest
import Model
import TestSupport
import Testing

/// Which machine a sandbox comes to, where its author names none.
@Suite struct PlacementTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let nodes: String
        var placement = ""
        var more = ""
        /// The machine, or `any` with its labels, or the only ones that can have it.
        let expected: String

        init(_ name: String, _ nodes: String, _ placement: String = "", _ more: String = "", is expected: String) {
            testDescription = name
            self.nodes = nodes
            self.placement = placement.isEmpty ? "" : "placement: \(placement)\n"
            self.more = more.isEmpty ? "" : "---\n" + more
            self.expected = expected
        }
    }

    private static let bare = "node: a\n---\nnode: b\n---\n"
    private static let zoned =
        "{node: a, labels: {zone: dc1}}\n---\n{node: b, labels: {zone: dc1, disk: ssd}}\n---\n"
        + "{node: c, labels: {zone: dc2}}\n---\n"
    private static let typed =
        "{node: a, type: MICRO}\n---\n{node: b, types: [MICRO, INFRA]}\n---\n{node: c, type: GATEWAY}\n---\n"
    private static let code = "service: cart\nrepository: code\nrecipe: {type: phpGateway}\n---\nrepository: code\n"

    static let cases: [Case] = [
        Case("no node", "", is: "on local"),
        Case("the only node", "node: a\n---\n", is: "on a"),
        Case("the only node, of another type", "{node: a, type: GATEWAY}\n---\n", is: "on a"),
        Case("the only node, by its label", "{node: a, labels: {z: y}}\n---\n", "{labels: {z: y}}", is: "on a"),
        Case("several", bare, is: "any"),
        Case("several, and an empty placement", bare, "{}", is: "any"),
        Case("several, and no label", bare, "{labels: {}}", is: "any"),
        Case("the one that is named", bare, "{node: B}", is: "on b"),
        Case("one that is named, whatever its type", typed, "{node: c}", is: "on c"),
        Case("those of type MICRO", typed, is: "any"),
        Case("the only one of type MICRO", "{node: a, type: INFRA}\n---\n{node: b, type: MICRO}\n---\n", is: "on b"),
        Case("one of no type beside a gateway", "{node: a, type: GATEWAY}\n---\nnode: b\n---\n", is: "on b"),
        Case(
            "those of no type beside a gateway", "{node: a, type: GATEWAY}\n---\n{node: b}\n---\n{node: c}\n---\n",
            is: "b c"),
        Case("those of a label", zoned, "{labels: {zone: dc1}}", is: "any zone=dc1"),
        Case("the only one of a label", zoned, "{labels: {zone: dc2}}", is: "on c"),
        Case("the only one of two labels", zoned, "{labels: {zone: dc1, disk: ssd}}", is: "on b"),
        Case("where the source is", bare, "", code + "path: /srv\nnode: b\n", is: "on b"),
        Case("where any source is", bare, "", code + "url: https://git.example.com/a.git\n", is: "any"),
        Case("a cordoned one, too", "{node: a, cordoned: true}\n---\nnode: b\n---\n", is: "any"),
        Case(
            "where Traefik sees it", bare, "",
            "gateway: t\nnode: b\ndriver: traefikLabels\nbaseDomain: a.example\n", is: "on b"),
        Case(
            "what the gateway reaches", "{node: a, address: a}\n---\nnode: b\n---\n{node: c, address: c}\n---\n", "",
            "gateway: g\nnode: b\nlisteners: [{name: a, port: 1}]\n", is: "any"),
    ]

    @Test(arguments: cases) func comesTo(_ each: Case) throws {
        let services = each.more.contains("cart") ? "services: {cart: {}}\n" : "services: {user: {}}\n"
        let repository = Repository.with(each.nodes + "sandbox: x\n\(each.placement)\(services)\(each.more)")
        #expect(repository.report == "")
        #expect(try Self.whereabouts(of: "x", in: repository.resolution) == each.expected)
    }

    private static func whereabouts(of name: String, in resolution: Resolution) throws -> String {
        let name = try SandboxName(name)
        #expect(resolution.sandboxes[name] == nil || resolution.unplaced[name] == nil)
        if let sandbox = resolution.sandboxes[name] { return "on \(sandbox.node)" }
        let unplaced = try #require(resolution.unplaced[name])
        let labels = unplaced.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let candidates = unplaced.candidates.isEmpty ? ["any"] : unplaced.candidates.sorted().map(\.text)
        return (candidates + labels).joined(separator: " ")
    }

    @Test func templatesPlaceAndTheSandboxHasTheLastWord() throws {
        let repository = Repository.with(
            Self.zoned + """
                template: t
                parameters: [{name: zone, default: dc1}]
                placement: {labels: {zone: $(zone)}}
                ---
                sandbox: as-is
                template: t
                ---
                sandbox: filled
                template: {name: t, parameters: {zone: dc2}}
                ---
                sandbox: named
                template: t
                placement: {node: c}
                ---
                sandbox: anywhere
                template: t
                placement: {}
                """)
        #expect(repository.report == "")
        let resolution = repository.resolution
        #expect(try Self.whereabouts(of: "as-is", in: resolution) == "any zone=dc1")
        #expect(try Self.whereabouts(of: "filled", in: resolution) == "on c")
        #expect(try Self.whereabouts(of: "named", in: resolution) == "on c")
        #expect(try Self.whereabouts(of: "anywhere", in: resolution) == "any")
    }

    @Test func aMachineThatTheGatewayCannotReachIsNoCandidate() throws {
        let nodes = "{node: a, address: a}\n---\nnode: b\n---\n{node: c, address: c}\n---\n"
        let gateway = "gateway: g\nnode: a\nlisteners: [{name: a, port: 1}]\n---\n"
        let repository = Repository.with(
            nodes + gateway + "sandbox: x\nservices: {user: {}}\n---\nsandbox: y\nservices: {user: {use: baseline}}\n")
        #expect(repository.resolution.problems.map(\.code) == ["no-address"])
        #expect(try Self.whereabouts(of: "x", in: repository.resolution) == "a c")
        #expect(try Self.whereabouts(of: "y", in: repository.resolution) == "any")
    }

    /// But for its node and what follows from that, one that waits for a machine is as whole as any.
    @Test func anUnplacedSandboxIsWhole() throws {
        let nodes = "{node: a, address: a}\n---\n{node: b, address: b}\n---\n"
        let rest = """
            services: {account: {branch: f, port: 99}, payment: {use: baseline}}
            routes: {r: {rules: [{service: account}]}}
            ---
            gateway: g
            node: a
            listeners: [{name: s, from: 8080, to: 8090}]
            ---
            route: r
            sandboxes: [x]
            rules: [{service: account, matches: [{path: /a}]}]
            """
        let open = Repository.with(nodes + "sandbox: x\nlifecycle: {state: Suspended}\n" + rest)
        let named = Repository.with(nodes + "sandbox: x\nlifecycle: {state: Suspended}\nplacement: {node: b}\n" + rest)
        #expect(open.report == "" && named.report == "")
        let unplaced = try #require(open.resolution.unplaced[sandbox("x")]?.sandbox)
        let placed = try #require(named.resolution.sandboxes[sandbox("x")])
        #expect(unplaced.services.mapValues(\.use) == placed.services.mapValues(\.use))
        #expect(unplaced.listener == .automatic && unplaced.state == .suspended && unplaced.gateway == placed.gateway)
        #expect(open.resolution.routes.keys.sorted() == named.resolution.routes.keys.sorted())
        #expect(open.resolution.broken.isEmpty)
    }

    @Test func aNodeSaysAllThatIsKnownOfIt() throws {
        let repository = Repository.with(
            """
            node: Micro-92
            types: [MICRO, GATEWAY]
            address: 172.18.136.92
            runtime: podman
            offline: false
            capacity: {cpu: 8, memory: 16Gi, disk: 200Gi, reserve: {cpu: 500m, memory: 2Gi}}
            portPools: [{name: micro, from: 9001, to: 9100}]
            subnetPool: {cidr: 10.210.0.0/16, perSandboxPrefix: 27}
            builds: {width: 4}
            labels: {zone: dc1}
            cordoned: true
            ---
            {node: plain, subnetPool: {cidr: 10.210.0.0/16}}
            ---
            {node: full, address: other, capacity: {cpu: 1500m, memory: 1Gi}}
            ---
            {node: podman, address: other, portPools: [{name: p, from: 1, to: 2}]}
            """)
        #expect(repository.report == "")
        let nodes = repository.resolution.nodes
        let node = try #require(nodes[NodeName("micro-92")])
        #expect(
            node
                == DesiredNode(
                    name: node.name, isOffline: false, portPool: 9001...9100, subnetPool: Subnet("10.210.0.0/16"),
                    perSandboxPrefix: 27, buildWidth: 4, address: "172.18.136.92", roles: [.micro, .gateway],
                    labels: ["zone": "dc1"],
                    capacity: DesiredNode.Capacity(cpuMillis: 7500, memoryBytes: 14 << 30), isCordoned: true,
                    place: Place(file: "a.yaml", line: 1, column: 1)))
        let plain = try #require(nodes[NodeName("plain")])
        #expect(
            plain == DesiredNode(name: plain.name, place: Place(file: "a.yaml", line: 13, column: 2)))
        #expect(
            nodes[try NodeName("full")]?.capacity == DesiredNode.Capacity(cpuMillis: 1500, memoryBytes: 1 << 30))
    }
}
