internal import Glibc
package import Model
package import Reconciler

extension DockerEngine {
    package func setNames(_ names: SandboxNames) async throws(HostError) {
        let operation = "set names inside \(names.sandbox)"
        guard IPv4(names.address) != nil else {
            throw HostError(operation, .refused, "\"\(names.address)\" is no IPv4 address")
        }
        try HostsFile(of: names.sandbox, below: namesRoot).write(names, for: operation)
    }

    package func removeNames(_ sandbox: SandboxName) async throws(HostError) {
        try HostsFile(of: sandbox, below: namesRoot).remove(for: "remove names inside \(sandbox)")
    }

    /// What the files say, of one sandbox or of all.
    func names(of sandbox: SandboxName?) -> [SandboxName: SandboxNames] {
        var names: [SandboxName: SandboxNames] = [:]
        for sandbox in sandbox.map({ [$0] }) ?? sandboxesWithNames() {
            names[sandbox] = HostsFile(of: sandbox, below: namesRoot).read()
        }
        return names
    }

    /// Whether a mount is of a file of names that is gone, so that no change of names reaches those who see it: somebody
    /// removed the folder of names under a running container. `process` is the container's.
    func isLost(_ mount: Mount, of sandbox: SandboxName, to process: Int?) -> Bool {
        let file = HostsFile(of: sandbox, below: namesRoot)
        guard mount.source == file.path, let process, process > 0 else { return false }
        return file.isOther(than: "/proc/\(process)/root\(mount.target)")
    }

    /// Those that have a folder, ``Bounds/nameFolders`` at most: the rest is found when they are asked for by name.
    private func sandboxesWithNames() -> [SandboxName] {
        guard let folder = opendir(namesRoot) else { return [] }
        defer { closedir(folder) }
        var sandboxes: [SandboxName] = []
        while sandboxes.count < Bounds.nameFolders, let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: Self.longestEntry) { String(cString: $0) }
            }
            do throws(InvalidName) {
                sandboxes.append(try SandboxName(name))
            } catch {
                continue  // Nothing of ours.
            }
        }
        return sandboxes
    }

    /// Bytes of a folder's entry, the end included.
    private static let longestEntry = 256
}
