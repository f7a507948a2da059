internal import Model
internal import Reconciler

/// The files of a commit that an image is built from, sent as a tar archive straight from git's objects: one blob is in
/// memory at a time, and nothing is checked out.
struct BuildContext: Sendable {
    /// Bytes of one file; a larger one has no place in an image's context.
    static let largestFile = 256 << 20
    static let mostFiles = 500_000

    /// What is sent, paths relative to the context, folders before what is in them.
    let entries: [Entry]
    /// The Dockerfile's images.
    let bases: Set<ImageReference>
    /// Paths of submodules: their files are in other repositories.
    let submodules: [String]

    enum Entry: Hashable, Sendable {
        case folder(String)
        case content(CodeEntry, as: String)
    }

    /// A context that cannot be made of this commit, in words.
    struct Problem: Error {
        let message: String
    }

    /// Reads the tree of a commit, its Dockerfile and its `.dockerignore`. That may take long: it holds up no actor.
    @concurrent
    static func read(_ piece: Workpiece, _ build: ImageBuild, from mirror: String, of code: any CodeHost) async throws
        -> BuildContext
    {
        let files = try await files(of: piece, build, from: mirror, of: code)
        let bases = try await bases(of: build, in: files, from: mirror, of: code)
        let ignore = IgnoreFile(
            try await text(IgnoreFile.name, IgnoreFile.largest, in: files, from: mirror, of: code) ?? "")
        if let large = files.first(where: { $0.entry.size > largestFile }) {
            throw Problem(message: "\(large.path) has \(large.entry.size) bytes; at most \(largestFile) are sent")
        }
        return try BuildContext(files, without: ignore, always: [build.dockerfile, IgnoreFile.name], bases: bases)
    }

    /// Reads the images of a commit's Dockerfile, and nothing of what else there is.
    @concurrent
    static func bases(
        of piece: Workpiece, _ build: ImageBuild, from mirror: String, of code: any CodeHost
    ) async throws -> Set<ImageReference> {
        let files = try await files(of: piece, build, from: mirror, of: code)
        return try await bases(of: build, in: files, from: mirror, of: code)
    }

    private typealias File = (path: String, entry: CodeEntry)

    private static func files(
        of piece: Workpiece, _ build: ImageBuild, from mirror: String, of code: any CodeHost
    ) async throws -> [File] {
        let root = [piece.repository.subPath, build.context].flatMap { $0.split(separator: "/") }
            .filter { $0 != "." }.joined(separator: "/")
        var files: [File] = []
        for entry in try await code.tree(at: piece.commit, in: mirror) {
            if root.isEmpty {
                files.append((entry.path, entry))
            } else if entry.path.hasPrefix(root + "/") {
                files.append((String(entry.path.dropFirst(root.utf8.count + 1)), entry))
            }
        }
        guard files.count <= mostFiles else {
            throw Problem(message: "the build context has \(files.count) files; at most \(mostFiles) are sent")
        }
        guard files.contains(where: { $0.path == build.dockerfile }) else {
            let place = root.isEmpty ? "" : " in \(root)"
            throw Problem(message: "there is no \(build.dockerfile)\(place) at this commit")
        }
        return files
    }

    private static func bases(
        of build: ImageBuild, in files: [File], from mirror: String, of code: any CodeHost
    ) async throws -> Set<ImageReference> {
        let text = try await text(build.dockerfile, Dockerfile.largest, in: files, from: mirror, of: code) ?? ""
        return Dockerfile(text, arguments: build.arguments, target: build.target).bases
    }

    private static func text(
        _ path: String, _ largest: Int, in files: [File], from mirror: String, of code: any CodeHost
    ) async throws -> String? {
        guard let entry = files.first(where: { $0.path == path })?.entry else { return nil }
        guard entry.size <= largest else {
            throw Problem(message: "\(path) has \(entry.size) bytes; at most \(largest) are read")
        }
        return String(decoding: try await code.blob(entry.blob, in: mirror), as: UTF8.self)
    }

    init(
        _ files: [(path: String, entry: CodeEntry)], without ignore: IgnoreFile, always: Set<String>,
        bases: Set<ImageReference>, mostWork: Int = IgnoreFile.mostWork,
        mostVerdicts: Int = IgnoreFile.mostVerdicts
    ) throws(Problem) {
        var work = 0
        var entries: [Entry] = []
        var submodules: [String] = []
        var verdicts: [String: IgnoreFile.Verdict] = [:]
        var sent: Set<String> = []
        func verdict(on path: String) -> IgnoreFile.Verdict {
            if let known = verdicts[path] { return known }
            let above = path.folderOfPath.map { verdict(on: $0) }
            let found = ignore.verdict(on: path, above: above, work: &work)
            return found
        }
        for (path, entry) in files {
            var folders: [String] = []
            var next = path.folderOfPath
            while let folder = next {
                folders.append(folder)
                next = folder.folderOfPath
            }
            for folder in folders.reversed() where verdicts[folder] == nil { verdicts[folder] = verdict(on: folder) }
            let isLeftOut = verdict(on: path).isLeftOut
            guard work <= mostWork, verdicts.count * ignore.patterns.count <= mostVerdicts else {
                throw Problem(message: "its \(IgnoreFile.name) has too many patterns for its \(files.count) files")
            }
            guard !isLeftOut || always.contains(path) else { continue }
            if entry.kind == .submodule {
                submodules.append(path)
                continue
            }
            for folder in folders.reversed() where sent.insert(folder).inserted { entries.append(.folder(folder)) }
            entries.append(.content(entry, as: path))
        }
        self.entries = entries
        self.submodules = submodules
        self.bases = bases
    }

    /// The archive, part by part as it is asked for.
    func archive(from mirror: String, of code: any CodeHost) -> AsyncThrowingStream<[UInt8], any Error> {
        let cursor = Cursor(entries)
        return AsyncThrowingStream { try await cursor.next(from: mirror, of: code) }
    }

    private actor Cursor {
        private var left: ArraySlice<Entry>
        private var isEnded = false

        init(_ entries: [Entry]) { left = entries[...] }

        func next(from mirror: String, of code: any CodeHost) async throws -> [UInt8]? {
            guard let entry = left.popFirst() else {
                defer { isEnded = true }
                return isEnded ? nil : TarArchive.end
            }
            switch entry {
            case .folder(let path): return TarArchive.header(.folder, path + "/", mode: 0o755)
            case .content(let entry, let path):
                let bytes = try await code.blob(entry.blob, in: mirror)
                switch entry.kind {
                case .file, .executable:
                    let mode = entry.kind == .executable ? 0o755 : 0o644
                    return TarArchive.header(.file, path, mode: mode, size: bytes.count) + bytes
                        + TarArchive.padding(after: bytes.count)
                case .symlink:
                    let target = String(decoding: bytes, as: UTF8.self)
                    return TarArchive.header(.symlink, path, mode: 0o777, target: target)
                case .submodule: return []
                }
            }
        }
    }
}

extension String {
    /// The folder of a relative path; `nil` for what is at the top.
    fileprivate var folderOfPath: String? { lastIndex(of: "/").map { String(self[..<$0]) } }
}
