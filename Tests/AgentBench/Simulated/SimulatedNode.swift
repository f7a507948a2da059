internal import AgentTransport
internal import Logging
internal import Model
internal import Reconciler
internal import Synchronization

/// A node that looks like one of four services a sandbox, is seen at once and does everything at once.
struct SimulatedNode: Host {
    private static let services = ["account", "catalog", "login", "payment"]

    let seen: ObservedNode
    private let world: ChangingWorld

    static func name(_ index: Int) throws -> NodeName { try NodeName("node-\(index)") }
    static func names(_ indices: Range<Int>) throws -> [NodeName] { try indices.map(name) }

    init(_ index: Int, containers: Int, world: ChangingWorld) throws {
        self.world = world
        let sandboxes = (containers + Self.services.count - 1) / Self.services.count
        var node = ObservedNode(node: try Self.name(index), namesRoot: "/var/lib/berth/names")
        for sandbox in 0..<sandboxes {
            node.networks.append(try Self.network(of: sandbox, on: index))
        }
        for container in 0..<containers {
            let (sandbox, service) = container.quotientAndRemainder(dividingBy: Self.services.count)
            node.containers.append(try Self.container(of: sandbox, service, on: index))
        }
        for service in Self.services {
            node.images["registry.example/shop/\(service):2026.11"] = "sha256:\(Self.hex(service, 64))"
        }
        node.busyPorts = Set((0..<UInt16(containers)).map { 30_000 + $0 })
        seen = node
    }

    func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        var node = seen
        if let tick = world.tick() { node.containers[0].exitCode = tick }
        return node
    }

    func perform(_ action: Action, as uid: ResourceUID, toward revision: CommitID?) async throws(HostError) -> Receipt?
    {
        nil
    }

    func changes() -> AsyncStream<Hint> { AsyncStream { _ in } }

    private static func network(of sandbox: Int, on index: Int) throws -> ObservedNetwork {
        let name = try sandboxName(sandbox, on: index)
        let mark = Ownership.Mark(
            sandbox: name, service: nil, uid: ResourceUID(hex("network \(name)", 16)), digest: nil)
        return ObservedNetwork(
            id: hex("network \(name)", 64), name: "sandbox-\(name)", ownership: .ours(mark),
            subnet: Subnet(base: 0x0AD2_0000 + UInt32(sandbox) * 16, prefix: 28),
            addresses: Set((2..<6).map { "10.210.\(sandbox / 16).\(sandbox % 16 * 16 + $0)" }))
    }

    private static func container(of sandbox: Int, _ service: Int, on index: Int) throws -> ObservedContainer {
        let name = try sandboxName(sandbox, on: index)
        let word = services[service]
        let key = "\(name) \(word)"
        let mark = Ownership.Mark(
            sandbox: name, service: try ServiceName(word), uid: ResourceUID(hex(key, 16)),
            digest: Digest(of: key))
        return ObservedContainer(
            id: ContainerID(hex(key, 64)), name: "sandbox-\(name)-\(word)", ownership: .ours(mark),
            health: .healthy, image: "registry.example/shop/\(word):2026.11", imageID: "sha256:\(hex(word, 64))",
            environment: [
                "DATABASE_URL": .plain("postgres://shop@database.internal:5432/\(word)"),
                "DATABASE_PASSWORD": .secret(Fingerprint(text: hex(key, 32))), "LOG_LEVEL": .plain("info"),
                "PORT": .plain("8080"), "SANDBOX": .plain(name.text),
            ],
            published: [8080: UInt16(30_000 + sandbox * services.count + service)],
            attachments: [
                "sandbox-\(name)": .init(
                    address: "10.210.\(sandbox / 16).\(sandbox % 16 * 16 + service + 2)", aliases: [word])
            ])
    }

    private static func sandboxName(_ sandbox: Int, on index: Int) throws -> SandboxName {
        try SandboxName("qa-\(index)-\(sandbox)")
    }

    /// As long and as varied as an id of the engine.
    private static func hex(_ key: String, _ digits: Int) -> String {
        let digest = Digest(of: key).text
        return String((digest + Digest(of: digest).text).prefix(digits))
    }
}

/// Whether looks see something new each time.
final class ChangingWorld: Sendable {
    private let state = Mutex((isChanging: false, tick: 0))

    @discardableResult
    func set(_ isChanging: Bool) -> [Double] {
        state.withLock { $0.isChanging = isChanging }
        return []
    }

    func tick() -> Int? {
        state.withLock { state in
            guard state.isChanging else { return nil }
            state.tick += 1
            return state.tick
        }
    }
}

extension Surroundings {
    /// Those of somebody who tells nothing.
    static var quiet: Surroundings {
        Surroundings(
            now: machineTime, newUID: { ResourceUID("\(UInt64.random(in: 0 ... .max))") },
            logger: Logger(label: "agent-bench") { _ in SwiftLogNoOpLogHandler() })
    }
}
