internal import Manifest
package import Model
internal import Planner

/// Turns commits into desired state: a function of the commit and its history, cached by blob.
package actor ManifestLoader: DesiredSource {
    /// How far back a good version of something broken is looked for, in first parents.
    package static let longestLookBack = 200

    private let source: any Source
    private var parsed: [ParsedKey: ParsedFile] = [:]
    /// Who changed a file last; `nil` where that was longer ago than is looked back.
    private var authors: [ParsedKey: Revision?] = [:]
    /// What was loaded last: a look at the same commit asks for nothing but the head.
    private var last: DesiredState?

    private struct ParsedKey: Hashable {
        let path: String
        let blob: BlobID
    }

    package init(source: any Source) { self.source = source }

    package nonisolated func changes() -> AsyncStream<Void> { source.changes() }

    package func load() async throws(SourceError) -> DesiredState {
        try await load(try await source.head())
    }

    /// What one commit wants, with the last good version in place of whatever is broken in it.
    package func load(_ revision: Revision) async throws(SourceError) -> DesiredState {
        if let last, last.revision == revision { return last }
        let files = try await files(at: revision.commit)
        let fresh = files.catalogue().resolve()
        var desired = DesiredState(
            revision: revision, nodes: fresh.nodes, gateways: fresh.gateways, sandboxes: fresh.sandboxes,
            unplaced: fresh.unplaced, baselines: fresh.baselines, bundles: fresh.bundles, routes: fresh.routes.inOrder,
            targetPolicy: fresh.targetPolicy,
            problems: Set(files.problems + fresh.problems + files.furtherProblems()).sorted {
                ($0.place, $0.message) < ($1.place, $1.message)
            })
        if !files.isWhole || !fresh.broken.isEmpty || !fresh.brokenObjects.isEmpty {
            try await mend(&desired, files, fresh)
        }
        try await sign(&desired, files)
        // By what will run, last good versions included.
        desired.problems = Set(desired.problems + RouteLint.problems(of: desired)).sorted {
            ($0.place, $0.message) < ($1.place, $1.message)
        }
        forget(besides: files)
        last = desired
        return desired
    }

    /// How many files and manifests a commit holds, for the sentence that all is well.
    package func manifestCount(at commit: CommitID) async throws(SourceError) -> (files: Int, manifests: Int) {
        let files = try await files(at: commit)
        return (files.manifests.count, files.objects.count)
    }

    // MARK: One commit

    private func files(at commit: CommitID) async throws(SourceError) -> CommitFiles {
        var files = CommitFiles(commit: commit)
        var missing: [TreeEntry] = []
        for entry in try await source.tree(at: commit) {
            files.blobs[entry.path] = entry.blob
            switch files.admit(entry) {
            case .manifest: if parsed[key(entry)] == nil { missing.append(entry) }
            case .other: break
            }
        }
        let bytes = try await source.blobs(missing.map(\.blob))
        for entry in missing {
            parsed[key(entry)] = ParsedFile(path: entry.path, bytes: bytes[entry.blob] ?? [])
        }
        let read = files.manifests.compactMap { path in
            files.blobs[path].flatMap { parsed[ParsedKey(path: path, blob: $0)] }
        }
        // A YAML file that an environment puts into containers is theirs to understand, not ours.
        let contentPaths = Set(read.flatMap(\.objects).flatMap(\.contentPaths))
        for file in read where !contentPaths.contains(file.path) { files.add(file) }
        let wanted = contentPaths.compactMap { path in
            files.blobs[path].map { (path, $0) }
        }
        guard !wanted.isEmpty else { return files }
        let contents = try await source.blobs(wanted.map(\.1))
        for (path, blob) in wanted { files.contents[path] = contents[blob] }
        return files
    }

    private func key(_ entry: TreeEntry) -> ParsedKey { ParsedKey(path: entry.path, blob: entry.blob) }

    // MARK: Last good versions

    /// Puts the last good version in place of what is broken (promise 4).
    private func mend(_ desired: inout DesiredState, _ files: CommitFiles, _ fresh: Resolution)
        async throws(SourceError)
    {
        var mended = files
        var lastGood: [SandboxName: CommitID] = [:]
        var past: [CommitID: CommitFiles] = [:]
        let history = try await source.history(from: files.commit, limit: Self.longestLookBack).dropFirst()
        var borrowedAt: CommitID?
        for older in history {
            if mended.isWhole { break }
            let good = try await self.files(at: older.commit)
            past[older.commit] = good
            let borrowed = mended.borrow(from: good)
            for name in borrowed.sandboxes { lastGood[name] = older.commit }
            if borrowed.hasOthers { borrowedAt = older.commit }
        }
        let second = mended.catalogue().resolve()
        take(second, into: &desired)
        var routes = second.routes
        // These stand only on what was borrowed for them: a template, a service.
        for name in fresh.broken.keys
        where (second.sandboxes[name] != nil || second.unplaced[name] != nil) && lastGood[name] == nil {
            lastGood[name] = borrowedAt
        }
        var wanted = Set(second.broken.keys)
        var wantedObjects = Set(second.brokenObjects.keys)
        for older in history where !wanted.isEmpty || !wantedObjects.isEmpty {
            let files: CommitFiles =
                if let known = past[older.commit] { known } else { try await self.files(at: older.commit) }
            let resolution = files.catalogue().resolve()
            let found = wanted.filter { desired.borrow($0, from: resolution) }
            for name in found {
                let id = ObjectID(kind: .sandbox, name: name.text)
                routes[id] = resolution.routes[id]
                lastGood[name] = older.commit
            }
            wanted.subtract(found)
            for id in wantedObjects where routes[id] == nil { routes[id] = resolution.routes[id] }
            wantedObjects = wantedObjects.filter { !desired.borrow($0, from: resolution) }
        }
        desired.routes = routes.inOrder
        for (name, commit) in lastGood {
            desired.sandboxes[name]?.lastGood = commit
            desired.unplaced[name]?.sandbox.lastGood = commit
        }
        for name in wanted { desired.frozen[name] = second.broken[name] ?? fresh.broken[name] }
        for (id, problem) in mended.broken where id.kind == .sandbox {
            if let name = try? SandboxName(id.name), !desired.isDeclared(name) {  // SAFE: a slug already
                desired.frozen[name] = problem
            }
        }
        desired.deletionsHeld = mended.unreadable.values.min { $0.place < $1.place }
    }

    private func take(_ resolution: Resolution, into desired: inout DesiredState) {
        desired.nodes = resolution.nodes
        desired.gateways = resolution.gateways
        desired.baselines = resolution.baselines
        desired.bundles = resolution.bundles
        desired.targetPolicy = resolution.targetPolicy
        desired.sandboxes = resolution.sandboxes
        desired.unplaced = resolution.unplaced
    }

    // MARK: Who wrote it

    private func sign(_ desired: inout DesiredState, _ files: CommitFiles) async throws(SourceError) {
        let sandboxes = Array(desired.sandboxes.values) + desired.unplaced.values.map(\.sandbox)
        let paths = Set(sandboxes.map(\.place.file) + desired.routes.map(\.place.file))
        let keys = paths.compactMap { path in files.blobs[path].map { ParsedKey(path: path, blob: $0) } }
        let unknown = keys.filter { authors[$0] == nil }
        if !unknown.isEmpty {
            let found = try await source.lastChanges(
                of: Set(unknown.map(\.path)), from: files.commit, limit: Self.longestLookBack)
            for key in unknown { authors[key] = .some(found[key.path]) }
        }
        for key in keys {
            guard let author = authors[key] ?? nil else { continue }
            for name in desired.sandboxes.keys where desired.sandboxes[name]?.place.file == key.path {
                desired.sandboxes[name]?.changedBy = author
            }
            for name in desired.unplaced.keys where desired.unplaced[name]?.sandbox.place.file == key.path {
                desired.unplaced[name]?.sandbox.changedBy = author
            }
            for index in desired.routes.indices where desired.routes[index].place.file == key.path {
                desired.routes[index].changedBy = author
            }
        }
    }

    /// The caches hold what the newest commit holds, so that they do not grow with history.
    private func forget(besides files: CommitFiles) {
        parsed = parsed.filter { files.blobs[$0.key.path] == $0.key.blob }
        authors = authors.filter { files.blobs[$0.key.path] == $0.key.blob }
    }
}

extension DesiredState {
    /// Takes a sandbox over from an older commit; whether that one has a good version of it.
    fileprivate mutating func borrow(_ name: SandboxName, from resolution: Resolution) -> Bool {
        if let good = resolution.sandboxes[name] {
            sandboxes[name] = good
        } else if let good = resolution.unplaced[name] {
            unplaced[name] = good
        } else {
            return false
        }
        return true
    }
}
