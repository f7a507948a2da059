internal import CLibgit2
internal import Reconciler

extension Repository {
    /// Bytes one question may bring into memory: 256 MiB.
    static let mostBytes = 256 << 20

    func blobs(_ ids: [BlobID]) throws(SourceError) -> [BlobID: [UInt8]] {
        let database = try naming("open the object database") { () throws(LibgitFailure) in try self.database() }
        var blobs: [BlobID: [UInt8]] = [:]
        var total = 0
        for id in ids where blobs[id] == nil {
            let operation = "read blob \(id.text.prefix(7))"
            var oid = try naming(operation) { () throws(LibgitFailure) in try git_oid(id) }
            let header = try naming(operation) { () throws(LibgitFailure) in
                try ObjectHeader(of: &oid, in: database.pointer)
            }
            guard header.type == GIT_OBJECT_BLOB else { throw SourceError(operation, .refused, "it is no blob") }
            guard header.size <= Self.mostBytes - total else {
                throw SourceError(operation, .refused, "more than \(Self.mostBytes >> 20) MiB were asked for at once")
            }
            total += header.size
            let object = try naming(operation) { () throws(LibgitFailure) in
                try Owned(freedBy: git_odb_object_free) { git_odb_read($0, database.pointer, &oid) }
            }
            let bytes = UnsafeRawBufferPointer(
                start: git_odb_object_data(object.pointer), count: git_odb_object_size(object.pointer))
            blobs[id] = [UInt8](bytes)
        }
        return blobs
    }
}
