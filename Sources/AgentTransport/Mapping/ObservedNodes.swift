internal import AgentProtocol
internal import Model
internal import Reconciler
internal import SwiftProtobuf

/// The longest that a repository is waited for, in milliseconds: an hour.
private let mostPatience: Int64 = 3_600_000

extension Inquiry: WireCoded {
    var wire: WireInquiry {
        .with {
            if let sandbox { $0.sandbox = sandbox.text }
            $0.gateways = gateways.map(\.wire)
            $0.secrets = secrets.sorted().map(\.wire)
            $0.checks = checks.sorted { $0.key < $1.key }.map { check in
                .with {
                    $0.key = check.key.wire
                    $0.check = check.value.wire
                }
            }
            $0.makings = sorted(makings.map(\.wire))
            $0.patienceMillis = min(max(0, patience.wholeMilliseconds), mostPatience)
        }
    }

    init(wire: WireInquiry, at path: FieldPath) throws(LinkError) {
        let checks = try path["checks"].keyed(wire.checks) {
            (entry, path) throws(LinkError) -> (RouteKey, HealthCheck) in
            (try path["key"].one(entry.hasKey, entry.key), try path["check"].one(entry.hasCheck, entry.check))
        }
        let patience = try path["patience_millis"].count(wire.patienceMillis, to: Int(mostPatience))
        self.init(
            sandbox: wire.hasSandbox ? try path["sandbox"].name(wire.sandbox) : nil,
            gateways: try path["gateways"].list(wire.gateways), secrets: try path["secrets"].set(wire.secrets),
            checks: checks, makings: try path["makings"].set(wire.makings), patience: .milliseconds(patience))
    }
}

extension Duration {
    /// Down to a whole number; an endless one is the most there is.
    fileprivate var wholeMilliseconds: Int64 {
        let (whole, overflow) = components.seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return components.seconds < 0 ? .min : .max }
        return whole + components.attoseconds / 1_000_000_000_000_000
    }
}

/// In an order of their bytes, for what has none of its own.
private func sorted<Wire: Message>(_ wires: [Wire]) -> [Wire] {
    wires.map { (wire: $0, bytes: FrameCoding.bytes($0)) }.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        .map(\.wire)
}

extension ObservedNode: WireCoded {
    var wire: WireObservedNode {
        .with {
            $0.node = node.text
            $0.containers = containers.map(\.wire)
            $0.networks = networks.map(\.wire)
            $0.images = images
            $0.secrets = secrets.sorted { $0.key < $1.key }.map { secret in
                .with {
                    $0.reference = secret.key.wire
                    if let fingerprint = secret.value { $0.fingerprint = fingerprint.text }
                }
            }
            $0.gateways = wires(gateways)
            $0.busyPorts = busyPorts.sorted().map { UInt32($0) }
            $0.workshop = workshop.wire
            $0.names = wires(names)
            $0.namesRoot = namesRoot
        }
    }

    init(wire: WireObservedNode, at path: FieldPath) throws(LinkError) {
        let secrets = try path["secrets"].keyed(wire.secrets) {
            (entry, path) throws(LinkError) -> (SecretReference, Fingerprint?) in
            let fingerprint = entry.hasFingerprint ? Fingerprint(text: entry.fingerprint) : nil
            return (try path["reference"].one(entry.hasReference, entry.reference), fingerprint)
        }
        var busyPorts: Set<UInt16> = []
        for (index, port) in wire.busyPorts.enumerated() {
            busyPorts.insert(try path["busy_ports"][index].number(port))
        }
        self.init(
            node: try path["node"].name(wire.node), containers: try path["containers"].list(wire.containers),
            networks: try path["networks"].list(wire.networks), images: wire.images, secrets: secrets,
            gateways: try path["gateways"].named(wire.gateways), busyPorts: busyPorts,
            workshop: try path["workshop"].one(wire.hasWorkshop, wire.workshop),
            names: try path["names"].named(wire.names), namesRoot: wire.namesRoot)
    }
}
