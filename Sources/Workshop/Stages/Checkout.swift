internal import Glibc
package import Model
package import Reconciler

extension Workshop {
    package func checkout(_ piece: Workpiece, as uid: ResourceUID) async throws(HostError) {
        guard case .worktree(let build, _) = piece.recipe else { return }
        try await attempt(.checkout, of: piece) {
            $0.isMadeOfFiles
        } _: { site throws(HostError) in
            // Without a build nobody but us ever writes there.
            let user = build == nil ? .ourselves : try BuildUser(named: settings.builder.user, for: site.operation)
            try write(.begun, site, as: uid)
            do throws(HostError) {
                try await lay(site, for: user)
            } catch {
                let isFull = Folders.isFull(site.folder.path)
                try await onDisk { () throws(HostError) in
                    try FileTree(path: site.folder.newTree, operation: site.operation).remove()
                }
                guard isFull else { throw error }
                errno = ENOSPC
                throw HostError(disk: site.operation, "write", site.folder.path)
            }
            try write(build == nil ? .made : .checkedOut, site, as: uid)
        }
    }

    /// Writes the files beside where they belong, and puts them there when they are complete.
    private func lay(_ site: Site, for user: BuildUser) async throws(HostError) {
        let folder = site.folder
        try await onDisk { () throws(HostError) in
            for old in [folder.newTree, folder.tree] { try FileTree(path: old, operation: site.operation).remove() }
            try Folders.make(folder.newTree, 0o755, for: site.operation)
        }
        do throws(SourceError) {
            let mirror = settings.mirror(of: site.piece.repository.name)
            try await code.checkout(site.piece.commit, from: mirror, into: folder.newTree)
        } catch {
            throw try await explain(error, site)
        }
        guard Folders.isPlain(site.piece.repository.subPath, in: folder.newTree) else {
            throw try remember(site.noSubPath, of: .checkout, site)
        }
        try await onDisk { () throws(HostError) in
            try FileTree(path: folder.newTree, operation: site.operation).handOver(to: user)
            guard rename(folder.newTree, folder.tree) == 0 else {
                throw HostError(disk: site.operation, "make", folder.tree)
            }
        }
    }

    /// What is missing in a mirror that has the commit was lost, and is fetched anew.
    func explain(_ error: SourceError, _ site: Site) async throws(HostError) -> HostError {
        guard error.failure == .missing else { return HostError(site.operation, error) }
        try await renounceMirror(of: site.piece.repository.name, for: site.operation)
        return HostError(
            site.operation, .unreachable, "the copy of its repository is damaged, and is fetched anew: \(error.message)"
        )
    }

    /// Runs what blocks on the disk on a thread of its own.
    nonisolated func onDisk(_ work: @escaping @Sendable () throws(HostError) -> Void) async throws(HostError) {
        let result = await onOwnThread { _ -> Result<Void, HostError> in
            do throws(HostError) {
                return .success(try work())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}

extension Site {
    var noSubPath: String { "there is no folder \(piece.repository.subPath) in it; see subPath of its repository" }
}

extension PieceFolder {
    var isMadeOfFiles: Bool { note?.state == .made && Folders.exists(tree) }
}
