internal import Manifest
internal import Model

/// The manifests of one commit, file by file, before they are worked into what should run.
struct CommitFiles {
    let commit: CommitID
    /// Every path of the commit.
    var blobs: [String: BlobID] = [:]
    private(set) var manifests: [String] = []
    private(set) var objects: [ObjectID: ManifestObject] = [:]
    /// Declared, but not usable.
    private(set) var broken: [ObjectID: ManifestProblem] = [:]
    /// Files of which it is not known what they declare, or not of all of it.
    private(set) var unreadable: [String: ManifestProblem] = [:]
    private(set) var problems: [ManifestProblem] = []
    private var suspects: [ManifestObject] = []
    var contents: [String: [UInt8]] = [:]
    /// Twins of an object that is there already: the catalogue must see them to say so.
    private var duplicates: [ManifestObject] = []

    init(commit: CommitID) { self.commit = commit }

    enum Admission { case manifest, other }

    /// Whether everything in it could be understood.
    var isWhole: Bool { broken.isEmpty && unreadable.isEmpty }

    func catalogue() -> Catalogue {
        Catalogue(objects: Array(objects.values) + duplicates, contents: contents, broken: broken)
    }

    /// What is wrong in broken manifests beside what broke them: all problems are told at once.
    func furtherProblems() -> [ManifestProblem] {
        guard !suspects.isEmpty else { return [] }
        let names = Set(suspects.map(\.id))
        return Catalogue(
            objects: Array(objects.values) + duplicates + suspects, contents: contents,
            broken: broken.filter { !names.contains($0.key) }
        ).resolve().problems
    }

    /// Decides by the entry alone whether a file is read.
    mutating func admit(_ entry: TreeEntry) -> Admission {
        guard ParsedFile.isManifest(path: entry.path) else { return .other }
        let place = Place(file: entry.path, line: 1, column: 1)
        switch entry.kind {
        case .file where entry.size <= ReadingLimits.bytes:
            manifests.append(entry.path)
            return .manifest
        case .file:
            refuse(
                ManifestProblem(
                    at: place, code: "too-large",
                    "the file has \(entry.size) bytes, and \(ReadingLimits.bytes) is the limit; split it"))
        case .symlink:
            refuse(
                ManifestProblem(
                    at: place, code: "symlink", "symbolic links are not followed; put the manifest itself here"))
        case .submodule:
            refuse(
                ManifestProblem(
                    at: place, code: "submodule", "submodules are not read; put the manifest itself here"))
        }
        return .other
    }

    private mutating func refuse(_ problem: ManifestProblem) {
        problems.append(problem)
        unreadable[problem.place.file] = problem
    }

    mutating func add(_ file: ParsedFile) {
        problems += file.problems
        if let problem = file.unattributed { unreadable[file.path] = problem }
        for object in file.objects {
            if objects[object.id] == nil { objects[object.id] = object } else { duplicates.append(object) }
        }
        suspects += file.suspects.filter { objects[$0.id] == nil }
        for (id, problem) in file.broken where broken[id] == nil { broken[id] = problem }
    }

    /// What was taken from an older commit.
    struct Borrowed {
        var sandboxes: [SandboxName] = []
        /// Whether there was anything but sandboxes in it.
        var hasOthers = false
    }

    /// Takes from an older commit what is broken here and good there.
    mutating func borrow(from older: CommitFiles) -> Borrowed {
        var borrowed: [ManifestObject] = []
        for id in broken.keys {
            guard let good = older.objects[id] else { continue }
            borrowed.append(good)
            broken[id] = nil
        }
        for path in unreadable.keys where older.blobs[path] != nil && older.unreadable[path] == nil {
            borrowed += older.objects.values.filter { $0.place.file == path }
            // Broken there as well: still older commits are asked for these.
            for (id, problem) in older.broken where problem.place.file == path && broken[id] == nil {
                if objects[id] == nil { broken[id] = problem }
            }
            unreadable[path] = nil
        }
        var result = Borrowed()
        for object in borrowed where objects[object.id] == nil {
            objects[object.id] = object
            for path in object.contentPaths where contents[path] == nil { contents[path] = older.contents[path] }
            guard object.id.kind == .sandbox else {
                result.hasOthers = true
                continue
            }
            guard let name = try? SandboxName(object.id.name) else { continue }  // SAFE: a slug
            result.sandboxes.append(name)
        }
        return result
    }
}

extension ParsedFile {
    /// What is wrong where no manifest known by name accounts for it: somebody's manifest may be meant there.
    fileprivate var unattributed: ManifestProblem? { isReadable ? anonymous : problems.first }
}

extension DesiredState {
    /// Takes one gateway, baseline or node from an older commit. Returns whether it is there, or of no concern here.
    mutating func borrow(_ id: ObjectID, from older: Resolution) -> Bool {
        switch id.kind {
        case .gateway:
            guard let good = older.gateways.first(where: { $0.key.text == id.name }) else { return false }
            gateways[good.key] = good.value
        case .node:
            guard let good = older.nodes.first(where: { $0.key.text == id.name }) else { return false }
            nodes[good.key] = good.value
        case .imageBundle:
            guard let good = older.bundles.first(where: { $0.key.text == id.name }) else { return false }
            bundles[good.key] = good.value
        case .route, .deployment:
            guard older.routes[id] != nil else { return false }
        // The first policy stands; a second one that is broken by it takes nothing away.
        case .policy, .baseline, .service, .environment, .template, .sandbox, .repository:
            break
        }
        return true
    }
}
