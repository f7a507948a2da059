import Foundation
import Model
import Testing

@testable import Docker

/// Limits as the kernel shows them, in both of its forms.
@Suite struct ControlGroupTests {
    private static let known = Limits(cpuMillis: 1, memoryBytes: 2, pids: 3)
    private static let held = Limits(cpuMillis: 250, memoryBytes: 67_108_864, pids: 32)

    @Test(
        arguments: [
            (
                [
                    "proc/7/cgroup": "0::/machine/c1\n", "groups/machine/c1/memory.max": "67108864\n",
                    "groups/machine/c1/pids.max": "32\n", "groups/machine/c1/cpu.max": "25000 100000\n",
                ], held
            ),
            (
                [
                    "proc/7/cgroup": "0::/machine/c1\n", "groups/machine/c1/memory.max": "max\n",
                    "groups/machine/c1/pids.max": "max\n", "groups/machine/c1/cpu.max": "max 100000\n",
                ], known
            ),
            (
                [
                    "proc/7/cgroup": "8:pids:/p/c1\n4:memory:/p/c1\n2:cpu,cpuacct:/p/c1\n1:name=systemd:/p/c1\n",
                    "groups/memory/p/c1/memory.limit_in_bytes": "67108864\n", "groups/pids/p/c1/pids.max": "32\n",
                    "groups/cpu,cpuacct/p/c1/cpu.cfs_quota_us": "25000\n",
                    "groups/cpu,cpuacct/p/c1/cpu.cfs_period_us": "100000\n",
                ], held
            ),
            (
                [
                    "proc/7/cgroup": "4:memory:/p/c1\n2:cpu:/p/c1\n",
                    "groups/memory/p/c1/memory.limit_in_bytes": "9223372036854771712\n",
                    "groups/cpu/p/c1/cpu.cfs_quota_us": "-1\n", "groups/cpu/p/c1/cpu.cfs_period_us": "100000\n",
                ], known
            ),
            (["proc/7/cgroup": "nonsense\n::\n"], known),
            ([:], known),
        ] as [([String: String], Limits)])
    func `limits are read, and those that are not there are taken as known`(
        files: [String: String], expected: Limits
    ) throws {
        let root = "/tmp/berth-groups-\(UInt64.random(in: 0 ... .max))"
        defer { MountTests.remove(root) }
        for (path, text) in files {
            let file = URL(filePath: "\(root)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let group = ControlGroup(processes: "\(root)/proc", groups: "\(root)/groups")
        #expect(group.limits(of: 7, insteadOf: Self.known) == expected)
    }
}
