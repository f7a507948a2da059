internal import Model
internal import Planner

/// `berth explain` for people.
package struct ExplanationText: Sendable {
    private let answer: Explanation

    package init(_ answer: Explanation) { self.answer = answer }

    package func text(in display: Display) -> String { display.text(lines(in: display)) }

    private func lines(in display: Display) -> [Line] {
        var facts = Facts(in: display)
        facts.add("gateway", gateway)
        facts.add("sandbox", sandbox)
        facts.add("rule", rule)
        facts.add("goes to", answer.ways.flatMap(target))
        facts.add("sent on", certain.flatMap(sentOn))
        facts.add("answers", answers)
        facts.add("not by", misses)
        facts.add("note", answer.notes.map { Line($0, .busy) })
        let request = answer.request
        let head = Line(
            "\(request.method) \(request.host)\(request.path)\(request.query.map { "?\($0)" } ?? "")", .strong)
        return Columns.wrap(head.plain, to: display.width).map { Line($0, .strong) } + facts.lines
    }

    private var gateway: [Line] {
        let listener = answer.gateway.listener(of: answer.request, answer.decision.selection)
        var line = Line("\(answer.gateway.name), port \(answer.request.port)")
        if let listener { line.append(" (\(listener.name)\(listener.isPublic ? ", public" : ""))") }
        switch answer.basis {
        case .live: return [line]
        case .manifests(let revision):
            line.append(", as it will be at \(revision.commit.short)  (\(revision.author))", .faint)
            return [line]
        }
    }

    private var sandbox: [Line] {
        let selection = answer.decision.selection
        var first = Line(selection.sandbox.map(\.text) ?? "none", .strong)
        if let by = selection.by {
            let carrier = answer.carriers.first { $0.verdict == .chose && $0.selector == by }?.carrier ?? by.word
            first.append(", by \(carrier)")
            if selection.isInside { first.append(": it is called from inside") }
        } else {
            first.append(": nothing in it names one that is let in here")
        }
        return [first]
            + answer.carriers.filter { $0.verdict != .chose }.map { finding in
                switch finding.verdict {
                case .chose, .agrees: Line(finding.sentence, .faint)
                case .contradicts, .unknown, .unreadable: Line("conflict: \(finding.sentence)", .busy)
                case .unbelieved: Line(finding.sentence, .busy)
                }
            }
    }

    private var rule: [Line] {
        guard let traced = answer.rule else {
            guard let service = answer.decision.service else { return [Line("none")] }
            switch service {
            case .host: return [Line("none; the host names the service")]
            case .path: return [Line("none; the path begins with the service")]
            }
        }
        var line = Line(traced.rule.title, .strong)
        line.append("  \(Explanation.place(of: traced.cause))", .faint)
        return [line, Line("for \(traced.rule.match.words)")]
    }

    private func target(_ way: Explanation.Way) -> [Line] {
        let total = answer.decision.total
        var line = Line()
        switch way.outcome.answer {
        case .forward(let endpoint, let label, _, _):
            line.append(label, .good)
            line.append("  \(endpoint)")
        case .refuse(let status, _, let message):
            line.append("nobody: \(status), \(message)", .bad)
        }
        if answer.ways.count > 1 {
            line.append("  \(Explanation.share(way.outcome.weight, of: total))")
            if way.isChosen { line.append("  by its cookie", .good) }
        }
        if way.outcome.isFallback { line.append("  fallback: the sandbox's own does not serve", .busy) }
        var because = Line()
        if let commit = way.commit { because.append("commit \(commit)   ", .faint) }
        if let cause = way.cause { because.append("\(cause)", .faint) }
        return because.spans.isEmpty ? [line] : [line, because]
    }

    /// Where it goes for sure, or else wherever it may go.
    private var certain: [Explanation.Way] {
        let chosen = answer.ways.filter(\.isChosen)
        return chosen.isEmpty ? answer.ways : chosen
    }

    private func sentOn(_ way: Explanation.Way) -> [Line] {
        guard case .forward(_, _, let path, let query) = way.outcome.answer else { return [] }
        var first = Line("\(answer.request.method) \(path)\(query.map { "?\($0)" } ?? "")")
        if certain.count > 1 { first.append("  to \(way.label)", .faint) }
        return [first] + way.changes.map { Line($0.sentence) }
    }

    private var answers: [Line] {
        var lines: [Line] = []
        if let name = answer.gateway.responseHeaders.route {
            lines += certain.map { Line("\(name): \($0.shown)") }
        }
        let conflicts = answer.decision.selection.conflicts
        if let name = answer.gateway.responseHeaders.conflict, !conflicts.isEmpty {
            lines.append(Line("\(name): \(conflicts.joined(separator: ", "))"))
        }
        return lines
    }

    private var misses: [Line] {
        let lines = answer.misses.map { miss in
            var line = Line("\(miss.rule.title): \(miss.reason)")
            line.append("  \(Explanation.place(of: miss.cause))", .faint)
            return line
        }
        guard answer.otherMisses > 0 else { return lines }
        return lines + [Line("and \(answer.otherMisses) more rules that come before", .faint)]
    }
}

extension Explanation {
    static func place(of cause: Cause?) -> String { cause.map { "\($0)" } ?? "no manifest: seen on the gateway" }

    /// `90 %`, `0.3 %`
    static func share(_ weight: Int, of total: Int) -> String {
        let tenths = (weight * 1000 + total / 2) / max(1, total)
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }
}
