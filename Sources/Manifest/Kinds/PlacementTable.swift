/// Where a sandbox may run: on one machine, or on any that carries all of these labels.
struct PlacementSpec: Sendable {
    var node: Reference?
    var labels: [Named<Located<String>>] = []
}

extension PlacementSpec {
    static let shape = Shape<PlacementSpec>.record(
        "placement", PlacementSpec(),
        [
            Field("node", .reference, "The machine it runs on.") { $0.node = $1 },
            Field(
                "labels", Shape<String>.text.located.keyed(),
                "What the machine must carry, all of it; one is chosen when the sandbox is made, and it stays there."
            ) { $0.labels = $1 },
        ]
    ) { _, node, reader in
        if node["node"] != nil, let labels = node["labels"] {
            reader.report(
                labels.mark, "exclusive", "\"node\" says which machine it is; remove \"labels\", or \"node\" here")
        }
    }
}
