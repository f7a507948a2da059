internal import Model
internal import Reconciler

/// `berth node describe NODE`: all that is known of one.
package struct NodeDetail: Sendable {
    /// Ports and subnets that are listed one by one; of more the number is told.
    private static let mostListed = 8

    private let node: NodesPicture.Node
    private let picture: NodesPicture

    package init(_ node: NodesPicture.Node, in picture: NodesPicture) {
        self.node = node
        self.picture = picture
    }

    package func text(in display: Display) -> String { display.text(lines(in: display)) }

    func lines(in display: Display) -> [Line] {
        var lines = picture.heading(in: display)
        lines.append(Line(node.name.text, .strong))
        lines += facts.flatMap { fact($0, $1, in: display) }
        if !node.residents.isEmpty { lines += [Line()] + residents.lines(in: display, indent: 2) }
        let remarks = picture.remarks(on: node, in: display)
        return remarks.isEmpty ? lines : lines + [Line()] + remarks
    }

    private var facts: [(String, Line)] {
        var facts: [(String, Line)] = [("state", Line(state, node.tone))]
        if node.status == nil, let remedy = node.remedy { facts.append(("", Line("→ \(remedy)"))) }
        if let seen = node.status?.seenAt { facts.append(("last seen", Line("\(picture.age(seen)) ago"))) }
        facts.append(("scheduling", Line(scheduling)))
        if let status = node.status {
            facts += [
                ("engine", Line(status.engine.nonEmpty ?? "-")), ("berth", Line(status.release.nonEmpty ?? "-")),
                ("clock", Line(node.skew.map { "\($0) of the controller's" } ?? clock)),
                ("containers", Line("\(status.containers) of ours")),
            ]
        }
        facts.append(("certificate", Line(certificate)))
        if let desired = node.desired { facts += wanted(desired) }
        facts += [("ports", Line(ports)), ("subnets", Line(subnets))]
        if !node.gateways.isEmpty {
            facts.append(("gateways", Line(node.gateways.map(\.text).joined(separator: ", "))))
        }
        return facts
    }

    private func wanted(_ desired: DesiredNode) -> [(String, Line)] {
        var facts = [("roles", Line(node.roles)), ("address", Line(desired.address ?? "none"))]
        if !desired.labels.isEmpty {
            let labels = desired.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            facts.append(("labels", Line(labels.joined(separator: ", "))))
        }
        if let capacity = desired.capacity {
            let cpu = "\(capacity.cpuMillis / 1000).\(capacity.cpuMillis % 1000 / 100) processors"
            facts.append(("capacity", Line("\(cpu), \(capacity.memoryBytes >> 20) MiB for sandboxes")))
        }
        if let place = desired.place { facts.append(("manifest", Line(place.short))) }
        return facts
    }

    private var state: String {
        guard let status = node.status else { return node.state }
        return "\(node.state) for \(picture.age(status.since))"
    }

    private var scheduling: String {
        guard let cordon = node.cordon else {
            guard node.desired?.isCordoned == true else { return "Open" }
            return "Cordoned by its manifest" + (node.desired?.place.map { " (\($0.short))" } ?? "")
        }
        let lift = "berth node uncordon \(node.name) lifts it"
        return "\(node.scheduling) by \(cordon.by), \(picture.age(cordon.at)) ago; \(lift)"
    }

    private var clock: String { node.status?.skewMillis == nil ? "-" : "as the controller's" }

    private var certificate: String {
        let revoked = node.revoked == 0 ? "" : "; \(node.revoked) taken back"
        guard let certificate = node.certificate else {
            return node.status?.connection == .local ? "none: it is this machine" : "none" + revoked
        }
        let left = certificate.expiresAt.milliseconds - picture.now.milliseconds
        let end = left > 0 ? "ends in \(words(milliseconds: left))" : "ended \(words(milliseconds: -left)) ago"
        return "\(certificate.serial), \(end)" + revoked
    }

    private var ports: String {
        let used = node.ports.map { "\($0)" }
        guard let pool = node.desired?.portPool else { return Self.list(used, none: "none used") }
        return Self.list(used, none: "none used")
            + "; \(max(0, pool.count - node.ports.count(where: pool.contains))) of \(pool.lowerBound)-\(pool.upperBound) "
            + "are free"
    }

    private var subnets: String {
        let used = Self.list(node.subnets.map { "\($0)" }, none: "none used")
        guard let desired = node.desired, desired.perSandboxPrefix >= desired.subnetPool.prefix else { return used }
        let room = 1 << (desired.perSandboxPrefix - desired.subnetPool.prefix)
        return used + "; \(max(0, room - node.subnets.count)) of \(room) in \(desired.subnetPool) are free"
    }

    private static func list(_ items: [String], none: String) -> String {
        guard !items.isEmpty else { return none }
        let more = items.count - mostListed
        return items.prefix(mostListed).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    private var residents: Table {
        var table = Table("SANDBOX", "PHASE", "CONTAINERS", "PLACED BY", "MANIFEST")
        for resident in node.residents {
            table.add([
                Line(resident.sandbox.text), Line(resident.phase?.rawValue ?? "-", resident.phase?.tone ?? .plain),
                Line("\(resident.containers)"), Line(resident.isMovable ? "berth" : "its manifest"),
                Line(resident.cause.nonEmpty ?? "-", .faint),
            ])
        }
        return table
    }

    private func fact(_ name: String, _ value: Line, in display: Display) -> [Line] {
        let column = 15
        let room = display.width.map { $0 - column }
        return Columns.wrap(value.plain, to: room).enumerated().map { index, part in
            var line = Line(index == 0 ? "  \(name)" : "", .faint)
            line.pad(to: column)
            line.append(part, value.spans.first?.tone ?? .plain)
            return line
        }
    }
}
