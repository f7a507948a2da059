package import Model

/// What emptying a node comes to: who goes, who stays and why.
package struct DrainPicture: Sendable {
    package let node: NodeName
    /// In order of name.
    package let moving: [SandboxName]
    package let staying: [(sandbox: SandboxName, reason: String)]
    package let gateways: [GatewayName]

    package init(of node: NodesPicture.Node) {
        self.node = node.name
        moving = node.residents.filter(\.isMovable).map(\.sandbox)
        staying = node.residents.filter { !$0.isMovable }.map { resident in
            let place = resident.cause.split(separator: " ").first.map { " (\($0))" } ?? ""
            return (resident.sandbox, "its manifest names this node\(place)")
        }
        gateways = node.gateways
    }

    /// The manifests are not read for a drain, so that which gateways are there is not known.
    private var nothing: String {
        "no sandbox is on \(node). Gateways are not moved: requests still go through those whose manifests name this node"
    }

    package func text(in display: Display) -> String {
        var lines: [Line] = []
        for sandbox in moving { lines.append(Line("~ \(sandbox) goes to another node", .busy)) }
        for (sandbox, reason) in staying { lines.append(Line("= \(sandbox) stays: \(reason)")) }
        for gateway in gateways { lines.append(Line("= gateway \(gateway) stays: its manifest names this node")) }
        if lines.isEmpty { lines.append(Line(nothing, .good)) }
        if !staying.isEmpty || !gateways.isEmpty {
            lines.append("→ what stays goes with its manifest: name another node there, or remove it, and push")
        }
        return display.text(
            lines.flatMap { line in
                Columns.wrap(line.plain, to: display.width).map { Line($0, line.spans.first?.tone ?? .plain) }
            })
    }
}
