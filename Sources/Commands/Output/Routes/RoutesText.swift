package import Model
internal import Planner

/// `berth routes` for people.
package struct RoutesText: Sendable {
    private let picture: RoutesPicture
    private let zone: Zone
    private let only: SandboxName?
    private var isOfOne: Bool { only != nil }

    /// `only` as the picture was drawn: of one sandbox more is told.
    package init(_ picture: RoutesPicture, only: SandboxName? = nil, zone: Zone) {
        self.picture = picture
        self.zone = zone
        self.only = only
    }

    package func text(in display: Display) -> String {
        guard !picture.gateways.isEmpty else {
            let sentence =
                only.map { "no gateway knows sandbox \($0); berth status \($0) says why" }
                ?? "the manifests have no gateway"
            return display.text([Line(sentence)])
        }
        return display.text(Array(picture.gateways.map { lines(of: $0, in: display) }.joined(separator: [Line()])))
    }

    private func lines(of gateway: RoutesPicture.Gateway, in display: Display) -> [Line] {
        var head = Line("gateway \(gateway.name)", .strong)
        head.append("  \(gateway.driver) on \(gateway.node)  \(gateway.place.short)", .faint)
        var lines = [head]
        if let trouble = gateway.trouble {
            lines += Columns.wrap("! \(trouble)", to: display.width).map { Line($0, .bad) }
        }
        for section in gateway.sections { lines += [Line()] + self.lines(of: section, in: display) }
        return lines
    }

    private func lines(of section: RoutesPicture.Section, in display: Display) -> [Line] {
        var head = Line(section.sandbox.map { "\($0)" } ?? "outside every sandbox", .strong)
        if let cause = section.cause { head.append("  \(cause)", .faint) }
        var facts = Facts(in: display)
        if let remark = section.remark { facts.add("", [Line(remark, .busy)]) }
        facts.add("ways in", ways(section))
        var lines = [head] + facts.lines
        let isEmpty = section.routes.isEmpty && section.unlisted.isEmpty
        lines += isEmpty ? [Line("  no service is routed", .faint)] : table(section, in: display)
        if !isOfOne, !section.unlisted.isEmpty {
            let names = section.unlisted.map(\.service.text).joined(separator: ", ")
            lines += Columns.wrap("  unlisted, so to their baselines: \(names)", to: display.width).map {
                Line("  " + $0.trimmedStart, .faint)
            }
        }
        return lines + rules(section, in: display)
    }

    private func ways(_ section: RoutesPicture.Section) -> [Line] {
        section.ways.compactMap { way in
            switch way {
            case .url(let url), .serviceURL(let url): Line(url)
            case .carrier(let text): isOfOne || text.hasPrefix("header x-") ? Line(text) : nil
            }
        }
    }

    // MARK: Services

    /// With less than this, address and cause are below the row.
    private static let wide = 100

    private func table(_ section: RoutesPicture.Section, in display: Display) -> [Line] {
        var table =
            Self.isNarrow(display)
            ? Table("SERVICE", "GOES TO", "STATE") : Table("SERVICE", "GOES TO", "STATE", "ADDRESS", "CAUSE")
        for route in section.routes { add(route, to: &table, isListed: true, in: display) }
        if isOfOne { for route in section.unlisted { add(route, to: &table, isListed: false, in: display) } }
        return table.lines(in: display, indent: 2)
    }

    private func add(
        _ route: RoutesPicture.Route, to table: inout Table, isListed: Bool, in display: Display
    ) {
        let address = route.target.endpoint.map { "\($0)" }
        let cause = isListed ? "\(route.cause)" : "not listed: \(route.cause)"
        let isNarrow = Self.isNarrow(display)
        let said = [
            isNarrow ? address.map { Line($0) } : nil, isNarrow ? Line(cause, .faint) : nil,
            route.note.map { Line($0, route.state.tone) },
            route.version.map { Line("version \($0)", .faint) },
            route.flip.map { flip in
                Line("flipped \(zone.day(flip.at)) \(zone.clock(flip.at)): \(flip.message)", .faint)
            },
        ].compactMap(\.self)
        let room = display.width.map { $0 - 4 }
        let notes = said.flatMap { line in
            Columns.wrap(line.plain, to: room).map { Line("    " + $0, line.spans.first?.tone ?? .plain) }
        }
        let cells = [
            Line(route.service.text), Line(route.target.label, route.state.tone),
            Line(route.state.word, route.state.tone),
        ]
        table.add(isNarrow ? cells : cells + [Line(address ?? "-"), Line(cause, .faint)], notes: notes)
    }

    private static func isNarrow(_ display: Display) -> Bool { display.width.map { $0 < wide } ?? false }

    // MARK: Rules

    private func rules(_ section: RoutesPicture.Section, in display: Display) -> [Line] {
        // Of all sandboxes, everybody's rules are told once, with the requests outside every sandbox.
        let told = section.rules.enumerated().filter {
            isOfOne || section.sandbox == nil || $0.element.scope != .everybody
        }
        guard !told.isEmpty else { return [] }
        var facts = Facts(in: display)
        for (index, rule) in told {
            var first = Line("\(rule.rule.match.words) → ")
            first.append(rule.rule.destination, .good)
            var second = Line(rule.rule.title)
            if section.sandbox != nil, rule.scope == .everybody { second.append(", for everybody", .faint) }
            second.append("  \(Explanation.place(of: rule.cause))", .faint)
            facts.add("rule \(index + 1)", [first, second])
        }
        return facts.lines
    }
}

extension RoutesPicture.Route.State {
    /// What stands in the table.
    var word: String {
        switch self {
        case .serving: "serving"
        case .starting: "starting"
        case .suspended: "suspended"
        case .failing: "failing"
        case .healthy: "healthy"
        case .unhealthy: "unhealthy"
        case .unasked: "-"
        }
    }

    var tone: Tone {
        switch self {
        case .serving, .healthy: .good
        case .starting: .busy
        case .suspended, .unasked: .faint
        case .failing, .unhealthy: .bad
        }
    }
}

extension String {
    fileprivate var trimmedStart: Substring { drop { $0 == " " } }
}
