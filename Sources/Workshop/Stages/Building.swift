internal import Glibc
package import Model
package import Reconciler

extension Workshop {
    package func build(_ piece: Workpiece, as uid: ResourceUID) async throws(HostError) {
        switch piece.recipe {
        case .worktree(nil, _): return
        case .worktree(let build?, _):
            try await attempt(.build, of: piece) {
                $0.isMadeOfFiles
            } _: { site throws(HostError) in
                guard site.folder.note?.state == .checkedOut else {
                    throw HostError(site.operation, .stale, "its files are not laid out anew")
                }
                try await run(build, site)
            }
        case .image(let build):
            try await attempt(.build, of: piece) { _ in
                false
            } _: { site throws(HostError) in
                try await make(build, site, as: uid)
            }
        }
    }

    // MARK: On the host

    private func run(_ build: HostBuild, _ site: Site) async throws(HostError) {
        let user = try BuildUser(named: settings.builder.user, for: site.operation)
        // From now on the files are no longer those of the commit, whatever happens.
        try write(.begun, site)
        let subPath = site.piece.repository.subPath
        let workplace = subPath.isEmpty ? site.folder.tree : "\(site.folder.tree)/\(subPath)"
        let environment = try prepare(site, user)
        // By its TMPDIR the processes of a build are known.
        let author = build.environment.filter { $0.key != "TMPDIR" }
        let program = build.command.first ?? ""
        let path = author["PATH"] ?? settings.builder.path
        guard CommandLine.find(program, path: path, in: workplace) != nil else {
            let problem = "\(program) is not installed on this node, or not in \(path)"
            return try await end(build, with: "cannot run: \(problem)", site, user)
        }
        site.log.line("\(build.command.joined(separator: " "))  (as \(user.name))")
        let line = try CommandLine(
            build.command, adding: author, in: workplace, as: user, marked: site.folder.group,
            within: settings.builder.limits, for: site.operation)
        let process = BuildProcess(
            words: line.words, environment: environment,
            timeout: .milliseconds(build.timeoutMillis), grace: settings.builder.grace, mark: site.folder.mark,
            group: site.folder.group, traceFile: site.folder.traceFile)
        let ending = await onOwnThread { process.run(into: site.log, until: $0) }
        switch ending {
        case .exited(0): try await end(build, with: nil, site, user)
        case .exited(128 + SIGTERM), .signaled(SIGTERM), .signaled(SIGINT), .signaled(SIGHUP):
            // Who stops a machine or a service says so to all its processes: that is no fault of the commit.
            throw HostError(site.operation, .unreachable, "the build was ended by somebody else")
        case .exited(let code): try await end(build, with: failed("exited with \(code)", site), site, user)
        case .signaled(let signal):
            try await end(build, with: failed("was ended by signal \(signal)", site), site, user)
        case .timedOut:
            let limit = Duration.milliseconds(build.timeoutMillis).seconds
            try await end(build, with: failed("was not done within \(limit) s", site), site, user)
        case .givenUp: throw HostError(site.operation, .stale, "it was given up; nobody needs it now")
        case .notStarted(let why): throw HostError(site.operation, .refused, "cannot start the build: \(why)")
        case .undead: throw HostError(site.operation, .unreachable, "a process of the build does not end")
        }
    }

    private func failed(_ how: String, _ site: Site) -> String {
        let last = site.log.lastLines
        return "the build \(how)" + (last.isEmpty ? "" : "; it last wrote: \(last.joined(separator: " | "))")
    }

    /// Ends a build that went well (`nil`), or need not have, or failed.
    private func end(_ build: HostBuild, with problem: String?, _ site: Site, _ user: BuildUser)
        async throws(HostError)
    {
        try await onDisk { () throws(HostError) in
            try FileTree(path: site.folder.scratch, operation: site.operation).remove()
        }
        if let problem {
            guard build.isOptional else { throw try await fail(problem, site) }
            site.log.line("\(problem); it goes on without, for this build is optional")
        }
        // It is mounted by its path: a build must not have put a link in its place.
        guard Folders.isPlain(site.piece.repository.subPath, in: site.folder.tree) else {
            throw try await fail(site.noSubPath, site)
        }
        do throws(HostError) {
            try await onDisk { () throws(HostError) in
                try FileTree(path: site.folder.tree, operation: site.operation).takeBack(from: user)
            }
        } catch {
            guard error.failure == .refused else { throw error }
            throw try await fail(error.message, site)
        }
        try write(.made, site)
    }

    /// Remembers a failure. What the build left is of no use to anybody, and may be all that the disk holds.
    private func fail(_ message: String, _ site: Site) async throws(HostError) -> HostError {
        try await onDisk { () throws(HostError) in
            try FileTree(path: site.folder.tree, operation: site.operation).remove()
        }
        return try remember(message, of: .build, site)
    }

    /// What every build is told, and nothing of what we were told ourselves.
    private func prepare(_ site: Site, _ user: BuildUser) throws(HostError) -> [String: String] {
        try user.require(wayTo: settings.folder, for: site.operation)
        try FileTree(path: site.folder.scratch, operation: site.operation).remove()
        for folder in [settings.home, site.folder.scratch] {
            try Folders.make(folder, Folders.closed, for: site.operation)
            guard !user.isOther || chown(folder, user.uid, user.gid) == 0 else {
                throw HostError(disk: site.operation, "give away", folder)
            }
        }
        return [
            "PATH": settings.builder.path, "HOME": settings.home, "LANG": "C.UTF-8", "TMPDIR": site.folder.scratch,
            "BERTH_COMMIT": site.piece.commit.text,
        ]
    }
}
