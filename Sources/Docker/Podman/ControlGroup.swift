internal import Foundation
internal import Model

/// The limits that the kernel holds a process to. Podman 4 changes these alone, and goes on to answer with those that
/// a container was made with.
struct ControlGroup {
    /// What a share of the processors is counted in, in microseconds.
    static let period: Int64 = 100_000
    /// Bytes of one file: each holds a line or, of the list of groups, a few.
    private static let largest = 64 << 10

    /// Where the kernel shows processes and groups; other folders in tests.
    var processes = "/proc"
    var groups = "/sys/fs/cgroup"

    /// The limits of a process and `known` where the kernel has none, or does not show them.
    func limits(of process: Int, insteadOf known: Limits) -> Limits {
        var limits = known
        let table = text("\(processes)/\(process)/cgroup") ?? ""
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/") else { continue }
            if fields[1].isEmpty {
                read(unified: "\(groups)\(fields[2])", into: &limits)
            } else {
                for controller in fields[1].split(separator: ",") {
                    read(String(controller), "\(groups)/\(fields[1])\(fields[2])", into: &limits)
                }
            }
        }
        return limits
    }

    private func read(unified folder: String, into limits: inout Limits) {
        if let memory = number("\(folder)/memory.max") { limits.memoryBytes = memory }
        if let pids = number("\(folder)/pids.max") { limits.pids = Int(pids) }
        let share = (text("\(folder)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace).compactMap { Int64($0) }
        if share.count == 2 { set(quota: share[0], period: share[1], in: &limits) }
    }

    private func read(_ controller: String, _ folder: String, into limits: inout Limits) {
        switch controller {
        case "memory":
            // Without a limit there is a number larger than any machine.
            if let memory = number("\(folder)/memory.limit_in_bytes"), memory < 1 << 60 { limits.memoryBytes = memory }
        case "pids":
            if let pids = number("\(folder)/pids.max") { limits.pids = Int(pids) }
        case "cpu":
            guard let quota = number("\(folder)/cpu.cfs_quota_us"), let period = number("\(folder)/cpu.cfs_period_us")
            else { return }
            set(quota: quota, period: period, in: &limits)
        default: break  // A controller of the kernel's that limits nothing of ours.
        }
    }

    private func set(quota: Int64, period: Int64, in limits: inout Limits) {
        guard quota > 0, period > 0 else { return }
        limits.cpuMillis = Int(quota.multipliedReportingOverflow(by: 1000).partialValue / period)
    }

    private func number(_ path: String) -> Int64? {
        text(path).flatMap { Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { file.closeFile() }
        return String(decoding: file.readData(ofLength: Self.largest), as: UTF8.self)
    }
}
