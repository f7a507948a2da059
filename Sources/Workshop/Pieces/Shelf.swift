internal import Glibc
internal import Model
internal import Reconciler

/// What is known of the workpieces on disk, read again only where their notes changed.
struct Shelf {
    /// A workpiece in use is marked so at most this often, in milliseconds.
    private static let touchRhythm: Int64 = 60_000
    /// Dockerfiles whose bases are remembered.
    private static let mostBases = 1000

    private var notes: [Workpiece.ID: (stamp: Stamp, note: PieceNote?)] = [:]
    private var touched: [Workpiece.ID: Timestamp] = [:]
    private var bases: [Workpiece.ID: Set<ImageReference>] = [:]

    /// Tells one state of a file from another: each is a new file.
    private struct Stamp: Hashable {
        let inode: UInt64
        let seconds: Int
        let nanoseconds: Int

        init?(of path: String) {
            var facts = stat()
            guard stat(path, &facts) == 0 else { return nil }
            inode = UInt64(facts.st_ino)
            (seconds, nanoseconds) = (facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec)
        }
    }

    mutating func pieces(in settings: Workshop.Settings, at now: Timestamp) -> [Workpiece.ID: ObservedWorkpiece] {
        let folders = PieceFolder.all(in: settings)
        let ids = Set(folders.map(\.id))
        notes = notes.filter { ids.contains($0.key) }
        touched = touched.filter { ids.contains($0.key) }
        var pieces: [Workpiece.ID: ObservedWorkpiece] = [:]
        for folder in folders {
            guard let stamp = Stamp(of: folder.noteFile) else { continue }
            if notes[folder.id]?.stamp != stamp { notes[folder.id] = (stamp, folder.note) }
            guard let note = notes[folder.id]?.note else { continue }
            pieces[folder.id] = ObservedWorkpiece(note, idleMillis: folder.idle(at: now))
        }
        return pieces
    }

    /// Notes on disk that somebody asked about these workpieces, where they are.
    mutating func touch(_ ids: [Workpiece.ID], in settings: Workshop.Settings, at now: Timestamp) {
        for id in ids {
            if let last = touched[id], now.milliseconds - last.milliseconds < Self.touchRhythm { continue }
            let folder = PieceFolder(id, in: settings)
            guard Folders.exists(folder.noteFile) else { continue }
            folder.touch(at: now)
            touched[id] = now
        }
    }

    func bases(of id: Workpiece.ID) -> Set<ImageReference>? { bases[id] }

    mutating func remember(_ found: Set<ImageReference>, of id: Workpiece.ID) {
        if bases.count >= Self.mostBases { bases.removeAll() }
        bases[id] = found
    }
}
