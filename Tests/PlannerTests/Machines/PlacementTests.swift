import Model
import Planner
import Reconciler
import TestSupport
import Testing

/// Nodes for sandboxes whose authors name none.
@Suite("Placement") struct PlacementTests {
    private func states(_ count: Int, labels: [String: String] = [:]) -> DesiredState {
        Street.desired(
            unplaced: (1...count).map {
                Street.unplaced(["account": Street.account()], named: "s\($0)", labels: labels)
            }
        ) { desired in
            for node in [Street.micro, Street.infra] {
                desired.nodes[node]?.roles = [.micro]
                desired.nodes[node]?.capacity = .init(cpuMillis: 4000, memoryBytes: 4 << 30)
            }
            desired.nodes[Street.gateway]?.roles = [.gateway]
            desired.nodes[Street.micro]?.labels = ["zone": "dc1"]
        }
    }

    private func seen(_ change: (inout Placement.Circumstances) -> Void = { _ in }) -> Placement.Circumstances {
        var circumstances = Placement.Circumstances(seen: [Street.gateway, Street.micro, Street.infra])
        change(&circumstances)
        return circumstances
    }

    @Test("They are spread by the memory that is left, first by name among equals, and it is said why")
    func spread() {
        let placement = Placement(of: states(4), in: seen())
        let nodes = ["s1", "s2", "s3", "s4"].map { placement.chosen[Sample.name($0)] }
        #expect(nodes == [Street.infra, Street.micro, Street.infra, Street.micro])
        #expect(
            placement.reasons[Sample.name("s1")]
                == "placed on infra-93, with 3.5 CPU and 3584 Mi left beside it, the most of 2 nodes")
    }

    @Test("Labels are obeyed, all of them")
    func labels() {
        let placement = Placement(of: states(2, labels: ["zone": "dc1"]), in: seen())
        #expect(Set(placement.chosen.values) == [Street.micro])
        let nowhere = Placement(of: states(1, labels: ["zone": "dc1", "disk": "ssd"]), in: seen())
        #expect(
            nowhere.refusals[Sample.name("s1")]
                == "no node for s1: gateway-186 is no MICRO node; infra-93 has not disk=ssd; micro-92 has not disk=ssd")
    }

    @Test("Who is somewhere stays there, also when another node has more room")
    func stays() {
        let placement = Placement(
            of: states(4),
            in: seen { circumstances in
                for name in ["s1", "s2", "s3"] { circumstances.places[Sample.name(name)] = [Street.micro] }
            })
        #expect(["s1", "s2", "s3"].allSatisfy { placement.chosen[Sample.name($0)] == Street.micro })
        #expect(placement.chosen[Sample.name("s4")] == Street.infra)
        #expect(placement.reasons.keys.map(\.text) == ["s4"])
    }

    @Test("Full nodes are passed over, and when all are full it is said what is missing")
    func full() {
        let placement = Placement(of: states(17), in: seen())
        #expect(placement.chosen.count == 16)
        #expect(placement.refusals.count == 1)
        let sentence = placement.refusals.values.first ?? ""
        #expect(sentence.contains("has 0.0 CPU and 0 Mi left and 0.5 CPU and 512 Mi are asked"), "\(sentence)")
    }

    @Test("A cordoned node takes nobody new and keeps whom it has; a drained one gives them away")
    func cordons() {
        let held = ["s1", "s2"].map { (Sample.name($0, SandboxName.self), Set([Street.infra])) }
        let places = Dictionary(uniqueKeysWithValues: held)
        let cordoned = Placement(
            of: states(3),
            in: seen {
                $0.places = places
                $0.cordoned = [Street.infra]
            })
        #expect(cordoned.chosen[Sample.name("s1")] == Street.infra)
        #expect(cordoned.chosen[Sample.name("s3")] == Street.micro)
        let drained = Placement(
            of: states(3),
            in: seen {
                $0.places = places
                $0.cordoned = [Street.infra]
                $0.draining = [Street.infra]
            })
        #expect(Set(drained.chosen.values) == [Street.micro])
        #expect(drained.reasons[Sample.name("s1")]?.hasPrefix("moves from infra-93 to micro-92") == true)
    }

    @Test("While a node is away that may have it, nobody is placed a second time")
    func away() {
        let circumstances = Placement.Circumstances(seen: [Street.gateway, Street.micro])
        let placement = Placement(of: states(1), in: circumstances)
        #expect(placement.chosen.isEmpty)
        #expect(placement.unknown[Sample.name("s1")]?.contains("while infra-93 is away") == true)
        // A person who cordons it says that it is not there.
        var said = circumstances
        said.cordoned = [Street.infra]
        #expect(Placement(of: states(1), in: said).chosen[Sample.name("s1")] == Street.micro)
        // One that is known to be somewhere is not in doubt.
        var known = circumstances
        known.places[Sample.name("s1")] = [Street.infra]
        #expect(Placement(of: states(1), in: known).chosen[Sample.name("s1")] == Street.infra)
    }

    @Test("Equal inputs give equal places, and a place once given is kept by every later look", arguments: 0..<200)
    func sticky(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var places: [SandboxName: Set<NodeName>] = [:]
        for _ in 0..<6 {
            let state = states(Int.random(in: 1...20, using: &random))
            let circumstances = seen { $0.places = places }
            let first = Placement(of: state, in: circumstances)
            #expect(first.chosen == Placement(of: state, in: circumstances).chosen)
            for (name, node) in first.chosen {
                if let before = places[name] { #expect(before == [node]) }
                places[name] = [node]
            }
            places = places.filter { state.unplaced[$0.key] != nil }
        }
    }
}
