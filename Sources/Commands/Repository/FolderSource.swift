internal import Foundation
internal import Manifest
internal import Model
internal import Reconciler

/// A folder of manifests as it lies on disk, before any commit: what `berth validate` reads.
struct FolderSource: Source {
    /// Files of one folder.
    static let mostEntries = 200_000

    private let root: URL

    init(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw Complaint("\(path) is no folder; berth validate takes the folder that holds the manifests")
        }
        root = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL
    }

    func head() throws(SourceError) -> Revision {
        guard let none = CommitID(String(repeating: "0", count: 40)) else { preconditionFailure("40 zeros") }
        return Revision(commit: none, author: "", committedAt: Timestamp(milliseconds: 0), subject: "the work tree")
    }

    func resolve(_ name: String) throws(SourceError) -> Revision { try head() }

    func tree(at commit: CommitID) throws(SourceError) -> [TreeEntry] {
        var entries: [TreeEntry] = []
        try collect(root, under: "", into: &entries)
        return entries
    }

    func blobs(_ ids: [BlobID]) throws(SourceError) -> [BlobID: [UInt8]] {
        var contents: [BlobID: [UInt8]] = [:]
        for id in ids {
            do {
                contents[id] = Array(try Data(contentsOf: root.appending(path: id.text)))
            } catch {
                throw SourceError("read \(id.text)", .refused, error.localizedDescription)
            }
        }
        return contents
    }

    func history(from commit: CommitID, limit: Int) -> [Revision] { [] }
    func lastChanges(of paths: Set<String>, from commit: CommitID, limit: Int) -> [String: Revision] { [:] }
    func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }

    private func collect(_ folder: URL, under prefix: String, into entries: inout [TreeEntry]) throws(SourceError) {
        let keys: Set<URLResourceKey> = [.isDirectoryKey, .isSymbolicLinkKey, .fileSizeKey]
        do {
            let children = try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: Array(keys))
            for child in children.sorted(by: { $0.lastPathComponent < $1.lastPathComponent }) {
                let path = prefix + child.lastPathComponent
                guard !child.lastPathComponent.hasPrefix(".") else { continue }
                guard entries.count < Self.mostEntries else {
                    throw SourceError("read \(root.path())", .refused, "it has more than \(Self.mostEntries) files")
                }
                let values = try child.resourceValues(forKeys: keys)
                if values.isSymbolicLink == true {
                    entries.append(TreeEntry(path: path, kind: .symlink, blob: BlobID(path), size: 0))
                } else if values.isDirectory == true {
                    try collect(child, under: path + "/", into: &entries)
                } else {
                    entries.append(
                        TreeEntry(path: path, kind: .file, blob: BlobID(path), size: values.fileSize ?? 0))
                }
            }
        } catch let error as SourceError {
            throw error
        } catch {
            throw SourceError("read \(folder.path())", .refused, error.localizedDescription)
        }
    }
}
