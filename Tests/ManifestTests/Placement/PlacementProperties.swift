import Manifest
import Model
import TestSupport
import Testing

/// What a change of the machines must leave alone.
@Suite struct PlacementProperties {
    private static let names = ["a", "b", "c", "d"]

    @Test(arguments: 0..<60) func anotherNodeChangesNothingOfSandboxesThatNameTheirs(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 1...Self.names.count, using: &random)
        var texts = Self.names.prefix(count).map { Self.node($0, &random) }
        texts.append(Self.gateway(of: Self.names[Int.random(in: 0..<count, using: &random)], &random))
        texts += Self.environment
        for number in 0..<6 {
            let node = Self.names[Int.random(in: 0..<count, using: &random)]
            texts.append(Self.sandbox("named-\(number)", "{node: \(node)}", &random))
        }
        texts.append(Self.sandbox("open", "{}", &random))
        let before = Repository.with(texts.joined(separator: "\n---\n")).resolution
        let after = Repository.with((texts + [Self.node("z", &random)]).joined(separator: "\n---\n")).resolution

        #expect(after.nodes.count == before.nodes.count + 1)
        let open = try SandboxName("open")
        #expect(before.sandboxes.filter { $0.key != open } == after.sandboxes.filter { $0.key != open })
        #expect(before.broken.filter { $0.key != open } == after.broken.filter { $0.key != open })
        #expect(before.routes == after.routes)
    }

    @Test(arguments: 0..<60) func everySandboxIsPlacedOpenOrBroken(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var texts = Self.names.map { Self.node($0, &random) } + Self.environment
        texts.append(Self.gateway(of: "a", &random))
        let placements = ["{}", "{node: b}", "{node: e}", "{labels: {zone: dc1}}", "{labels: {zone: dc2, disk: ssd}}"]
        for number in 0..<8 {
            let placement = placements[Int.random(in: 0..<placements.count, using: &random)]
            texts.append(Self.sandbox("x-\(number)", placement, &random))
        }
        let resolution = Repository.with(texts.joined(separator: "\n---\n")).resolution
        for number in 0..<8 {
            let name = try SandboxName("x-\(number)")
            let places = [
                resolution.sandboxes[name] != nil, resolution.unplaced[name] != nil, resolution.broken[name] != nil,
            ]
            #expect(places.filter(\.self).count == 1, "\(name): \(places)")
            guard let unplaced = resolution.unplaced[name] else { continue }
            let nodes = resolution.nodes.values.filter { node in
                unplaced.labels.allSatisfy { node.labels[$0.key] == $0.value }
            }
            #expect(nodes.count > 1, "\(name) could only be on one node")
            for node in unplaced.candidates {
                let labels = resolution.nodes[node]?.labels ?? [:]
                #expect(unplaced.labels.allSatisfy { labels[$0.key] == $0.value }, "\(name) on \(node)")
            }
        }
    }

    private static let environment = [
        "environment: e\nvariables: [{name: PAYMENT_URL, valueFrom: {route: {service: payment}}}]"
    ]

    private static func node(_ name: String, _ random: inout SplitMix64) -> String {
        var text = "node: \(name)"
        if Bool.random(using: &random) {
            text += "\ntype: \(["MICRO", "GATEWAY", "INFRA"].randomElement(using: &random) ?? "")"
        }
        if Bool.random(using: &random) { text += "\naddress: \(name).example" }
        if Bool.random(using: &random) { text += "\nlabels: {zone: dc1}" }
        if Bool.random(using: &random) { text += "\ncordoned: true" }
        return text
    }

    private static func gateway(of node: String, _ random: inout SplitMix64) -> String {
        let inside = Bool.random(using: &random) ? ", {name: in, selects: sourceNetwork}" : ""
        return "gateway: g\nnode: \(node)\nlisteners: [{name: s, from: 8080, to: 8999}\(inside)]"
    }

    private static func sandbox(_ name: String, _ placement: String, _ random: inout SplitMix64) -> String {
        let services = [
            "account: {branch: f}", "payment: {use: baseline}",
            "user: {port: \(9000 + Int.random(in: 0...3, using: &random))}",
        ]
        .filter { _ in Bool.random(using: &random) }
        return
            "sandbox: \(name)\nenvironmentRefs: [e]\nplacement: \(placement)\nservices: {\(services.joined(separator: ", "))}"
    }
}
