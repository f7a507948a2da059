internal import Model
internal import Reconciler

/// `berth node list`: every node in one line, then what a person should know.
package struct NodesTable: Sendable {
    private let picture: NodesPicture

    package init(_ picture: NodesPicture) { self.picture = picture }

    package func text(in display: Display) -> String { display.text(lines(in: display)) }

    func lines(in display: Display) -> [Line] {
        var lines = picture.heading(in: display)
        guard !picture.nodes.isEmpty else {
            return lines + ["no node is known yet; berth node token NODE lets an agent join"]
        }
        var table = Table("NODE", "STATE", "SINCE", "SCHEDULING", "SANDBOXES", "CONTAINERS", "ROLES", "ENGINE", "BERTH")
        for node in picture.nodes {
            table.add([
                Line(node.name.text, .strong), Line(node.state, node.tone), Line(picture.age(node.status?.since)),
                Line(node.scheduling, node.scheduling == "Open" ? .plain : .busy), Line("\(node.residents.count)"),
                Line(node.status.map { "\($0.containers)" } ?? "-"), Line(node.roles),
                Line(node.status?.engine.nonEmpty ?? "-"), Line(node.status?.release.nonEmpty ?? "-"),
            ])
        }
        lines += table.lines(in: display)
        let remarks = picture.nodes.flatMap { picture.remarks(on: $0, in: display) }
        return remarks.isEmpty ? lines : lines + [Line()] + remarks
    }
}

extension NodesPicture {
    /// A certificate that ends sooner than this was not renewed as it should have been.
    private static let renewalIsLate: Int64 = 5 * 86_400_000

    /// Whether anybody keeps it true.
    func heading(in display: Display) -> [Line] {
        switch daemon {
        case .running: []
        case .notRunning:
            Columns.wrap("! nobody keeps this true; start berth serve", to: display.width).map { Line($0, .busy) }
                + [Line()]
        }
    }

    /// How long ago, or `-`.
    func age(_ time: Timestamp?) -> String { time.map { words(milliseconds: now.elapsed(since: $0)) } ?? "-" }

    /// Why it is away, what is odd about it, and what to do.
    func remarks(on node: Node, in display: Display) -> [Line] {
        let room = display.width.map { $0 - 2 }
        var sentences: [String] = []
        if let message = node.status?.message.nonEmpty {
            sentences.append(message)
        } else if node.status?.connection == .away {
            sentences.append(node.status?.seenAt == nil ? "its agent has not connected yet" : "its agent is away")
        }
        // Of a clock that is far off the controller tells itself.
        if let skew = node.skew, node.status?.message.contains("its clock") != true {
            sentences.append("its clock is \(skew) of the controller's")
        }
        if let ending = node.certificate.map({ $0.expiresAt.milliseconds - now.milliseconds }) {
            if ending <= 0 {
                sentences.append("its certificate has ended; berth node token \(node.name) lets it join again")
            } else if ending < Self.renewalIsLate {
                sentences.append("its certificate ends in \(words(milliseconds: ending)) and was not renewed")
            }
        }
        let isBad = node.status?.connection == .away
        var lines = sentences.flatMap { sentence in
            Columns.wrap("\(node.name): \(sentence)", to: room).enumerated().map { index, part in
                Line((index == 0 ? (isBad ? "! " : "~ ") : "  ") + part, isBad ? .bad : .busy)
            }
        }
        // Where the sentence names the command, it is the remedy.
        if isBad, let remedy = node.remedy, !sentences.contains(where: { $0.contains("berth ") }) {
            lines += Columns.wrap("→ \(remedy)", to: room).map { Line("  " + $0) }
        }
        return lines
    }
}

extension String {
    var nonEmpty: String? { isEmpty ? nil : self }
}
