internal import Glibc
internal import Logging
package import Model
package import Reconciler

extension Workshop {
    /// Logs of workpieces that are gone; of more, the oldest go too.
    private static let mostOldLogs = 200

    package func discard(_ piece: Workpiece.ID) async throws(HostError) {
        let operation = "discard \(piece)"
        let folder = PieceFolder(piece, in: settings)
        if Folders.exists(folder.path) {
            let lock = try await hold(folder, for: operation)
            try await endRemains(of: folder, for: operation)
            if let image = folder.note?.image { try await images.removeImage(image) }
            // The note goes last: what is half gone is still known, and discarded again.
            try? unmake(folder, for: operation)  // SAFE: where the disk takes no note, it needs the room all the more
            try await onDisk { () throws(HostError) in
                for name in Folders.names(in: folder.path) where "\(folder.path)/\(name)" != folder.noteFile {
                    try FileTree(path: "\(folder.path)/\(name)", operation: operation).remove()
                }
                try FileTree(path: folder.path, operation: operation).remove()
                unlink(folder.lockFile)
            }
            withExtendedLifetime(lock) {}
        }
        sweepLogs()
        try await sweepMirrors(for: operation)
    }

    private func sweepLogs() {
        let living = Set(PieceFolder.all(in: settings).map(\.id.text))
        var old: [(name: String, time: Int)] = []
        for name in Folders.names(in: settings.logs) where name.hasSuffix(LogFiles.ending) {
            guard !living.contains(String(name.dropLast(LogFiles.ending.count))) else { continue }
            var facts = stat()
            if stat("\(settings.logs)/\(name)", &facts) == 0 { old.append((name, facts.st_mtim.tv_sec)) }
        }
        for log in old.sorted(by: { ($0.time, $0.name) < ($1.time, $1.name) }).dropLast(Self.mostOldLogs) {
            unlink("\(settings.logs)/\(log.name)")
            unlink("\(settings.logs)/\(log.name).1")
        }
    }

    /// Removes the mirrors of repositories of which no workpiece is left and that nobody asks about.
    private func sweepMirrors(for operation: String) async throws(HostError) {
        let used = Set(PieceFolder.all(in: settings).compactMap(\.note?.repository))
        for name in Folders.names(in: settings.folder).sorted() where name.hasSuffix(Settings.mirrorEnding) {
            let text = String(name.dropLast(Settings.mirrorEnding.count))
            guard let repository = try? RepositoryName(text),  // SAFE: then it is no mirror of ours
                !used.contains(repository), book.pages[repository] == nil,
                fetches[repository]?.turns.isRunning != true
            else { continue }
            setAside(repository)
        }
        try await removeOldMirrors(for: operation)
    }

    /// Takes a mirror out of use, at once for all who look: half a mirror says that it has commits which it has not.
    private func setAside(_ repository: RepositoryName) {
        let mirror = settings.mirror(of: repository)
        rename(mirror, mirror + Self.gone)
    }

    /// Removes a mirror that lacks what it should have, as after a power failure. It is only a copy: what is fetched into
    /// it again and again would never be whole.
    func renounceMirror(of repository: RepositoryName, for operation: String) async throws(HostError) {
        guard fetches[repository]?.turns.isRunning != true else { return }
        logger.warning(
            "A mirror lacks what it should have, and is made anew", metadata: ["repository": "\(repository)"])
        try await removeOldMirrors(for: operation)
        setAside(repository)
        try await removeOldMirrors(for: operation)
    }

    private func removeOldMirrors(for operation: String) async throws(HostError) {
        for name in Folders.names(in: settings.folder) where name.hasSuffix(Settings.mirrorEnding + Self.gone) {
            try await onDisk { [settings] () throws(HostError) in
                try FileTree(path: "\(settings.folder)/\(name)", operation: operation).remove()
            }
        }
    }

    /// What a mirror's name ends with while it is removed.
    private static let gone = ".gone"

    /// Notes that a workpiece is to be made anew, for whoever wants it after we were killed half way.
    private func unmake(_ folder: PieceFolder, for operation: String) throws(HostError) {
        guard var note = folder.note, note.state == .made else { return }
        note.state = .begun
        try folder.write(note, for: operation)
    }
}
