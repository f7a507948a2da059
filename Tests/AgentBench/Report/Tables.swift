/// The report for people.
extension Report {
    var text: String { [machineText, Self.table(rows)].joined(separator: "\n\n") }

    private var machineText: String {
        let busy = machine.isBusy ? "; others were at work on it, so that the figures are worse than they are" : ""
        return """
            \(machine.date), \(machine.cores) cores (\(machine.processor)), \(machine.memoryGiB.short) GiB, \
            Linux \(machine.kernel); load before: \(machine.loadBefore)\(busy)
            Ranges: median [lowest–highest] of \(options.amount.looks) looks. It took \(Int(seconds)) s.
            """
    }

    private var rows: [[String]] {
        let all = options.agents
        return [
            ["\(all) agents, \(options.containers) containers each", ""],
            ["controller's memory without agents, MiB", memory.before.short],
            [
                "  all seen → most → all left, MiB",
                "\(memory.seen.short) → \(memory.most.short) → \(memory.after.short)",
            ],
            ["  for each agent, KiB", ((memory.seen - memory.before) * 1024 / Double(all)).short],
            ["memory of the agents, for each, KiB", (memory.agents * 1024 / Double(all)).short],
            ["controller's processor without agents, % of a core", rest.empty.short],
            ["  with heartbeats", rest.beats.short],
            ["  and a look at all every \(ControllerRole.interval.components.seconds) s", rest.looks.short],
            ["joining by a token p50 / p99 / max, ms", "\(Spread(join))"],
            ["from dialling to all connected, s", start.connected.short],
            ["  to all seen, s", start.seen.short],
            ["  looks that failed on the way", "\(start.failed)"],
            ["a full observation, KiB", (Double(frame?.bytes ?? 0) / 1024).short],
            [
                "  to encode / decode, µs",
                "\(frame?.encoding.median.short ?? "–") / \(frame?.decoding.median.short ?? "–")",
            ],
            ["a look at all, nothing new, ms", "\(looks.same)"],
            ["a look at all, all new, ms", "\(looks.new)"],
            ["an action, journal on disk p50 / p99 / max, ms", "\(orders.durable)"],
            ["an action, journal in memory p50 / p99 / max, ms", "\(orders.volatile)"],
            ["  floor: a forced write p50 / p99 / max, ms", floors.map { "\($0.forcedWrite)" } ?? "–"],
            ["  floor: 64 bytes there and back p50 / p99 / max, ms", floors.map { "\($0.roundTrip)" } ?? "–"],
            ["an action of each at once p50 / p99 / max, ms", "\(orders.everywhere)"],
            ["  all of them, ms", orders.allOfThem.short],
            ["controller killed; the next one listens after, s", outage.short],
            ["  \(options.returning) agents connected again, s", reunion.connected.short],
            ["  all seen again, s", reunion.seen.short],
            ["  looks that failed on the way", "\(reunion.failed)"],
        ]
    }

    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| \(cells.joined(separator: " | ")) |"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
        return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
    }
}
