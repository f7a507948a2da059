/// The report for people.
extension Report {
    var text: String {
        ([machineText] + [contestText, mapText, lawText].compactMap(\.self) + [budgetText]
            + gaps.map { "Not measured: \($0)" })
            .joined(separator: "\n\n")
    }

    private var machineText: String {
        let versions = machine.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let busy = machine.isBusy ? "; others were at work on it, so that the figures are worse than they are" : ""
        return """
            \(machine.date), \(machine.cores) cores (\(machine.processor)), \(machine.memoryGiB.short) GiB, \
            Linux \(machine.kernel)
            \(versions.joined(separator: ", ")); load before: \(machine.loadBefore)\(busy)
            Repeated figures: median [lowest–highest] of \(amount.rounds) rounds. It took \(Int(seconds)) s.
            """
    }

    private var contestText: String? {
        guard !contests.isEmpty else { return nil }
        func row(_ name: String, _ value: (Contest.Result) -> String) -> [String] { [name] + contests.map(value) }
        let rows: [[String]] = [
            row("") { $0.title },
            row("all routes laid, s") { $0.startSeconds.short },
            row("memory at start → end, MiB") { "\($0.memoryAtStart.short) → \($0.memoryAtEnd.short)" },
            row("processes at the end") { "\($0.processesAtEnd)" },
            row("idle: flips") { Self.flips($0.idle) },
            row("  effective p50, ms") { Self.text($0.idle.p50) },
            row("  effective p95, ms") { Self.text($0.idle.p95) },
            row("  effective max, ms") { $0.idle.worst.short },
            row("  returned p50 / p95 / max, ms") { Self.returned($0.idle) },
            row("under load: flips") { Self.flips($0.loaded) },
            row("  effective p50, ms") { Self.text($0.loaded.p50) },
            row("  effective p95, ms") { Self.text($0.loaded.p95) },
            row("  effective max, ms") { $0.loaded.worst.short },
            row("  returned p50 / p95 / max, ms") { Self.returned($0.loaded) },
            row("  requests") { "\($0.requests)" },
            row("  requests a second") { $0.requestsPerSecond.short },
            row("  request p50 / p99 / max, ms") {
                "\($0.latencyP50.short) / \($0.latencyP99.short) / \($0.latencyWorst.short)"
            },
            row("  failed requests") { "\($0.failed)" },
            row("ended by itself, started again") { "\($0.crashes)" },
            row("WebSocket / event stream broken") { "\($0.streams.brokenSockets) / \($0.streams.brokenEvents)" },
        ]
        let failures = contests.flatMap { contest in
            contest.failures.sorted { $0.key < $1.key }.map { "\(contest.title): \($0.value) × \($0.key)" }
        }
        let ends = contests.compactMap { contest in
            contest.end.map { "\(contest.title) was not measured to its end: \($0)" }
        }
        let methods = contests.map { "\($0.title): \($0.method)" }
        return
            (["\(routes) routes, \(connections) keep-alive connections, GET and POST in turn", Self.table(rows)]
            + methods + failures + ends).joined(separator: "\n")
    }

    private var mapText: String? {
        guard !fullMaps.isEmpty else { return nil }
        func row(_ name: String, _ value: (FullMap.Result) -> String) -> [String] { [name] + fullMaps.map(value) }
        let rows: [[String]] = [
            row("routes") { "\($0.routes)" },
            row("start from its files, ms") { Self.text($0.start) },
            row("memory of the proxy, MiB") { Self.text($0.memory) },
            row("flip effective p50, ms") { Self.text($0.flip.p50) },
            row("flip effective p95, ms") { Self.text($0.flip.p95) },
            row("flip returned p50 / p95 / max, ms") { Self.returned($0.flip) },
            row("look at the whole table, ms") { Self.text($0.survey) },
        ]
        return "Size of the table (berth on HAProxy, idle)\n" + Self.table(rows)
    }

    private var lawText: String? {
        guard let law else { return nil }
        let rows: [[String]] = [
            ["", "berth's law", "plain HAProxy", "ratio"],
            [
                "requests a second", Self.text(law.law.requestsPerSecond), Self.text(law.plain.requestsPerSecond),
                Self.text(law.requestsRatio),
            ],
            [
                "processor time of a request, µs", Self.text(law.law.processorMicros),
                Self.text(law.plain.processorMicros), Self.text(law.processorRatio),
            ],
            ["failed requests", "\(law.failed)", "", ""],
        ]
        return "Cost of the law at \(routes) routes (proxy, clients and targets share the cores)\n" + Self.table(rows)
    }

    private var budgetText: String {
        budgets.isEmpty
            ? "No budget was measured."
            : budgets.map { "\($0.isMet ? "met   " : "MISSED")  \($0.title): \($0.measured)" }.joined(separator: "\n")
    }

    private static func text(_ figure: Figure?) -> String { figure.map { "\($0)" } ?? "–" }

    private static func flips(_ figures: FlipFigures) -> String {
        "\(figures.flips)" + (figures.missed > 0 ? " (\(figures.missed) not seen)" : "")
    }

    private static func returned(_ figures: FlipFigures) -> String {
        "\(figures.returnedP50.short) / \(figures.returnedP95.short) / \(figures.returnedWorst.short)"
    }

    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| \(cells.joined(separator: " | ")) |"
        }
        .enumerated().flatMap { index, line in
            index == 0
                ? [line, "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"]
                : [line]
        }.joined(separator: "\n")
    }
}
