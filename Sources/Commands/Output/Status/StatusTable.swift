internal import Model
internal import Reconciler

/// `berth status`: every sandbox in one line, then what a person should know.
package struct StatusTable: Sendable {
    private let standing: Standing

    package init(_ standing: Standing) { self.standing = standing }

    package func text(in display: Display) -> String { display.text(lines(in: display)) }

    func lines(in display: Display) -> [Line] {
        var lines = standing.heading(in: display)
        if standing.sandboxes.isEmpty {
            lines.append(standing.fleet == nil ? "no sandbox is known yet" : "no sandboxes")
        } else {
            lines += table.lines(in: display)
            let remarks = remarks(in: display)
            if !remarks.isEmpty { lines += [Line()] + remarks }
        }
        let notices = standing.noticeLines(in: display)
        return notices.isEmpty ? lines : lines + [Line()] + notices
    }

    /// What is to be known of each sandbox: why it failed, what it waits for, what keeps it where it is.
    private func remarks(in display: Display) -> [Line] {
        let concerned = standing.sandboxes.filter { !$0.message.isEmpty }
        // What is bad comes first: a low screen shows no more.
        return (concerned.filter { $0.tone == .bad } + concerned.filter { $0.tone != .bad }).flatMap { status in
            let sign = status.tone == .bad ? "! " : "~ "
            let tone: Tone = status.tone == .bad ? .bad : .busy
            let room = display.width.map { $0 - 2 }
            let parts = Columns.wrap("\(status.sandbox): \(told(status.message))", to: room)
            let remark = parts.enumerated().map { Line(($0.offset == 0 ? sign : "  ") + $0.element, tone) }
            return remark + status.remedies.flatMap { Columns.wrap("→ \($0)", to: room).map { Line("  " + $0) } }
        }
    }

    private var table: Table {
        let hasNodes = !standing.nodes.isEmpty
        var table = Table(
            ["SANDBOX", "PHASE"] + (hasNodes ? ["NODE"] : [])
                + ["PORT", "ATTEMPTED", "APPLIED", "HEALTHY", "SERVICES", "CAUSE"])
        for status in standing.sandboxes {
            let node = Line(standing.nodes[status.sandbox]?.text ?? "-")
            table.add(
                [Line(status.sandbox.text, .strong), Line(status.phase.rawValue, status.tone)]
                    + (hasNodes ? [node] : [])
                    + [
                        Line(status.port.map { "\($0)" } ?? "-"), Line(status.attempted.short),
                        Line(status.applied.short), Line(status.healthy.short), Line(status.tally),
                        Line(status.cause, .faint),
                    ])
        }
        return table
    }
}

/// `berth status SANDBOX`: all that is known of one.
package struct StatusDetail: Sendable {
    private let standing: Standing

    /// Of the sandboxes in `standing` it shows each one after the other.
    package init(_ standing: Standing) { self.standing = standing }

    package func text(in display: Display) -> String { display.text(lines(in: display)) }

    func lines(in display: Display) -> [Line] {
        var lines = standing.heading(in: display)
        for (index, status) in standing.sandboxes.enumerated() {
            if index > 0 { lines.append(Line()) }
            lines += detail(of: status, in: display)
        }
        let notices = standing.noticeLines(in: display)
        return notices.isEmpty ? lines : lines + [Line()] + notices
    }

    private func detail(of status: SandboxStatus, in display: Display) -> [Line] {
        var title = Line(status.sandbox.text, .strong)
        if status.title != status.sandbox.text { title.append("  (\(status.title))", .faint) }
        var facts: [(String, Line)] = [("phase", Line(status.phase.rawValue, status.tone))]
        if !status.message.isEmpty { facts.append(("message", Line(told(status.message)))) }
        for remedy in status.remedies { facts.append(("", Line("→ \(remedy)"))) }
        if let owner = status.owner { facts.append(("owner", Line(owner))) }
        if let serving = status.serving { facts.append(("serving", Line(serving, .bad))) }
        if let node = standing.nodes[status.sandbox] { facts.append(("node", Line(node.text))) }
        facts.append(("address", Line(standing.address(of: status) ?? "no port of its own")))
        facts += [
            ("attempted", Line(status.attempted.short)), ("applied", Line(status.applied.short)),
            ("healthy", Line(status.healthy.short)), ("cause", Line(status.cause)),
            ("changed", Line("\(words(milliseconds: standing.now.elapsed(since: status.updatedAt))) ago")),
        ]
        return [title] + facts.flatMap { fact($0, $1, in: display) } + services(of: status, in: display)
    }

    private func fact(_ name: String, _ value: Line, in display: Display) -> [Line] {
        let column = 13
        let room = display.width.map { $0 - column }
        return Columns.wrap(value.plain, to: room).enumerated().map { index, part in
            var line = Line(index == 0 ? "  \(name)" : "", .faint)
            line.pad(to: column)
            line.append(part, value.spans.first?.tone ?? .plain)
            return line
        }
    }

    private func services(of status: SandboxStatus, in display: Display) -> [Line] {
        guard !status.services.isEmpty else { return [] }
        var table = Table("SERVICE", "USE", "HEALTH", "REQUESTS GO TO")
        for service in status.services.sorted(by: { $0.name < $1.name }) {
            table.add([
                Line(service.name.text),
                Line(display.width.map { cut(service.spokenUse, to: $0 / 2) } ?? service.spokenUse),
                status.hasFailed(service)
                    ? Line(service.health == "Missing" ? "Failed" : "Failed; before: \(service.health)", .bad)
                    : Line(service.health, service.tone),
                Line(service.target.isEmpty ? "-" : service.target),
            ])
        }
        return [Line()] + table.lines(in: display, indent: 2)
    }
}

/// `branch feature/a-long-na… @ 4be1c2d`: the commit stays, whatever the branch is called.
private func cut(_ use: String, to width: Int) -> String {
    guard Columns.count(use) > width, let commit = use.ranges(of: " @ ").last else {
        return Columns.cut(use, to: width)
    }
    let tail = use[commit.lowerBound...]
    return Columns.cut(String(use[..<commit.lowerBound]), to: width - Columns.count(tail)) + tail
}

extension Standing {
    /// Which commit, how old the picture is, and whether anybody keeps it true.
    fileprivate func heading(in display: Display) -> [Line] {
        var lines: [Line] = []
        if let fleet {
            let head = fleet.head.map { "\($0.commit.short) \"\($0.subject)\" by \($0.author)" } ?? "no commit yet"
            let age = words(milliseconds: now.elapsed(since: fleet.updatedAt))
            lines.append(Line("\(fleet.branch) \(head), seen \(age) ago"))
        }
        switch daemon {
        case .running: break
        case .notRunning:
            let sentence =
                fleet.map {
                    "! nobody keeps this true: the picture is \(words(milliseconds: now.elapsed(since: $0.updatedAt))) "
                        + "old; start berth serve"
                } ?? "! nothing was looked at yet; start berth serve"
            lines += Columns.wrap(sentence, to: display.width).map { Line($0, .busy) }
        }
        return lines.isEmpty ? [] : lines + [Line()]
    }

    fileprivate func noticeLines(in display: Display) -> [Line] {
        (fleet?.notices ?? []).map(Notice.init).flatMap { notice in
            let room = display.width.map { $0 - 2 }
            let isBad = notice.isTrouble
            var lines = Columns.wrap(notice.sentence, to: room).enumerated().map { index, part in
                Line((index == 0 ? (isBad ? "! " : "~ ") : "  ") + part, isBad ? .bad : .busy)
            }
            if let remedy = notice.remedy {
                lines += Columns.wrap("→ \(remedy)", to: room).enumerated().map { index, part in Line("  " + part) }
            }
            return lines
        }
    }
}

extension CommitID? {
    /// Seven digits, or `-`.
    var short: String { self?.short ?? "-" }
}
