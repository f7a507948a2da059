internal import Model

/// How much of a machine sandboxes may use.
struct CapacitySpec: Sendable {
    struct Part: Sendable {
        var cpuMillis: Int?
        var memoryBytes: Int64?
    }

    var whole = Part()
    var reserve = Part()

    /// What is left when the reserve is taken off; `nil` where that is nothing.
    var usable: DesiredNode.Capacity? {
        guard let cpu = whole.cpuMillis, let memory = whole.memoryBytes else { return nil }
        let usable = DesiredNode.Capacity(
            cpuMillis: Int64(cpu - (reserve.cpuMillis ?? 0)), memoryBytes: memory - (reserve.memoryBytes ?? 0))
        return usable.cpuMillis > 0 && usable.memoryBytes > 0 ? usable : nil
    }
}

extension CapacitySpec {
    static let shape = Shape<CapacitySpec>.record(
        "capacity", CapacitySpec(),
        [
            Field("cpu", .cpu, required: true, "The processors of the machine.") { $0.whole.cpuMillis = $1 },
            Field("memory", .memory, required: true, "The memory of the machine.") { $0.whole.memoryBytes = $1 },
            Field("disk", disk, "The disk of the machine. It is not counted yet.") { _, _ in },
            Field("reserve", reserve, "What is kept for everything else on it.") { $0.reserve = $1 },
        ]
    ) { capacity, node, reader in
        if capacity.usable == nil {
            reader.report(
                node.mark, "range", "\"reserve\" leaves nothing to sandboxes; keep less of its cpu and memory back")
        }
    }

    private static let reserve = Shape<Part>.record(
        "reserve", Part(),
        [
            Field("cpu", .cpu, "Processors that sandboxes do not get.") { $0.cpuMillis = $1 },
            Field("memory", .memory, "Memory that sandboxes do not get.") { $0.memoryBytes = $1 },
        ])

    private static let disk = Shape<Int64>.parsed(
        .text(pattern: "^[0-9]+(Ki|Mi|Gi|Ti)$"),
        "an amount of disk from 6Mi to 16Ti; write a whole number with its unit, such as 200Gi", Quantity.memoryBytes)
}
