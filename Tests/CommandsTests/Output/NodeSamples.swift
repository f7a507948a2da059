import Model
import Reconciler
import TestSupport

#if canImport(Output)
    import Output
#else
    import Commands
#endif

/// Three machines: the controller's own, one that serves, and one that is away.
enum NodeSample {
    private static let noon = OutputSample.noon
    private static let day: Int64 = 86_400_000

    static let sources: NodesPicture.Sources = {
        let micro: NodeName = Sample.name("micro-92")
        let gateway: NodeName = Sample.name("gateway-186")
        let infra: NodeName = Sample.name("infra-93")
        return NodesPicture.Sources(
            statuses: [
                NodeStatus(
                    node: gateway, connection: .local, since: OutputSample.after(-7_200_000), seenAt: noon,
                    release: "0.1", containers: 2),
                NodeStatus(
                    node: infra, connection: .away, since: OutputSample.after(-90_000),
                    seenAt: OutputSample.after(-106_000), release: "0.1", engine: "Podman 4.3.1", containers: 3,
                    message: "nothing was heard of it for 16 s"),
                NodeStatus(
                    node: micro, connection: .connected, since: OutputSample.after(-3_600_000), seenAt: noon,
                    release: "0.1", engine: "Docker 20.10.24", skewMillis: 3_600_000, containers: 41),
            ],
            cordons: [Cordon(node: micro, isDraining: true, by: "achmad", at: OutputSample.after(-60_000))],
            entries: [
                entry("a1", .container, "qa-login-error", micro), entry("a2", .container, "qa-login-error", micro),
                entry("n1", .network, "qa-login-error", micro), entry("a3", .container, "qa-cron", micro),
                entry("a4", .container, "pr-17", infra),
            ],
            allocations: [
                Allocation(.place(micro, of: Sample.name("qa-cron")), to: Sample.name("qa-cron")),
                Allocation(
                    .published(micro, 9002, Sample.name("account"), container: 8080), to: Sample.name("qa-login-error")),
                Allocation(
                    .published(micro, 9001, Sample.name("web"), container: 80), to: Sample.name("qa-login-error")),
                Allocation(.subnet(micro, subnet("10.210.0.16/28")), to: Sample.name("qa-cron")),
                Allocation(.subnet(micro, subnet("10.210.0.0/28")), to: Sample.name("qa-login-error")),
                Allocation(.listener(Sample.name("edge"), 18080), to: Sample.name("qa-login-error")),
            ],
            sandboxes: OutputSample.standing.sandboxes,
            certificates: [
                certificate(micro, "0a1b2c", ends: 29 * day),
                certificate(micro, "00ff", ends: 3 * day, isRevoked: true),
                certificate(infra, "77aa", ends: 2 * day),
            ],
            desired: [
                micro: DesiredNode(
                    name: micro, address: "10.21.0.92", roles: [.micro, .infra],
                    labels: ["zone": "dc1", "disk": "ssd"],
                    capacity: DesiredNode.Capacity(cpuMillis: 7_500, memoryBytes: 24 << 30),
                    place: Place(file: "nodes/micro-92.yaml", line: 1, column: 1)),
                gateway: DesiredNode(name: gateway, address: "10.21.0.186", roles: [.gateway]),
                Sample.name("micro-93"): DesiredNode(
                    name: Sample.name("micro-93"), roles: [.micro], isCordoned: true,
                    place: Place(file: "nodes/micro-93.yaml", line: 4, column: 1)),
            ],
            gateways: [Sample.name("edge"): gateway])
    }()

    static let picture = NodesPicture(sources, daemon: .running(processID: 4711), now: noon)

    /// The same as a journal alone tells it.
    static let withoutManifests: NodesPicture = {
        var sources = Self.sources
        sources.desired = nil
        sources.gateways = [:]
        return NodesPicture(sources, daemon: .notRunning, now: noon)
    }()

    private static func entry(
        _ uid: String, _ kind: LedgerEntry.Kind, _ sandbox: String, _ node: NodeName
    ) -> LedgerEntry {
        LedgerEntry(
            uid: ResourceUID(uid), kind: kind, name: uid, node: node, sandbox: Sample.name(sandbox), enteredAt: noon)
    }

    private static func certificate(
        _ node: NodeName, _ serial: String, ends: Int64, isRevoked: Bool = false
    ) -> NodesPicture.Certificate {
        NodesPicture.Certificate(
            node: node, serial: serial, issuedAt: OutputSample.after(ends - 30 * day),
            expiresAt: OutputSample.after(ends), isRevoked: isRevoked)
    }

    private static func subnet(_ text: String) -> Subnet {
        guard let subnet = Subnet(text) else { preconditionFailure("\(text) is a subnet") }
        return subnet
    }
}
