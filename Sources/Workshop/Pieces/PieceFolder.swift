internal import Glibc
internal import Model
internal import Reconciler

/// Where everything of one workpiece is kept.
struct PieceFolder: Hashable, Sendable {
    /// The folder of all workpieces, below the workshop's own.
    static let pieces = "pieces"
    private static let lockEnding = ".lock"

    let id: Workpiece.ID
    let path: String
    private let root: String

    init(_ id: Workpiece.ID, in settings: Workshop.Settings) {
        self.id = id
        root = "\(settings.folder)/\(Self.pieces)"
        path = "\(root)/\(id)"
    }

    /// The files, as containers see them.
    var tree: String { "\(path)/\(ObservedWorkshop.tree)" }
    /// The files while they are written.
    var newTree: String { "\(path)/\(ObservedWorkshop.tree).new" }
    /// What a build writes and nobody keeps.
    var scratch: String { "\(path)/tmp" }
    var noteFile: String { "\(path)/piece.json" }
    /// Modified when somebody last asked about it.
    var useFile: String { "\(path)/used" }
    /// The session of the build that runs.
    var traceFile: String { "\(path)/session" }
    /// Beside the folder, so that it outlives it.
    var lockFile: String { "\(root)/\(id)\(Self.lockEnding)" }
    /// In the environment of every process of its builds.
    var mark: String { "TMPDIR=\(scratch)" }
    /// A group of no user, which every process of its builds is in: unlike a session and an environment, nobody but root
    /// can leave one. From the numbers that systemd calls half-way unsafe, for nobody gives them out.
    var group: gid_t {
        0x8000_0000 | (mark.utf8.reduce(0x811c_9dc5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 } & 0x3fff_ffff)
    }

    var isWorkedOn: Bool { FileLock.isHeld(lockFile) }
    var isUnfinished: Bool { note?.state.isUnfinished ?? false }
    var note: PieceNote? { DurableFile(path: noteFile).read().flatMap(PieceNote.init(reading:)) }

    func write(_ note: PieceNote, for operation: String) throws(HostError) {
        try DurableFile(path: noteFile).write(note.bytes, for: operation)
    }

    /// Where it is locked.
    func makeRoot(for operation: String) throws(HostError) {
        try Folders.make(root, Folders.passage, for: operation)
    }

    func make(for operation: String) throws(HostError) {
        try Folders.make(path, Folders.passage, for: operation)
    }

    /// All there are, in order.
    static func all(in settings: Workshop.Settings) -> [PieceFolder] {
        Folders.names(in: "\(settings.folder)/\(pieces)").compactMap { Workpiece.ID($0) }.sorted()
            .map { PieceFolder($0, in: settings) }
    }

    /// Says that it is in use at `time`.
    func touch(at time: Timestamp) {
        let descriptor = open(useFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let stamp = timespec(
            tv_sec: Int(time.milliseconds / 1000), tv_nsec: Int(time.milliseconds % 1000) * 1_000_000)
        futimens(descriptor, [stamp, stamp])
    }

    /// Milliseconds since anybody asked about it, or since it was begun.
    func idle(at now: Timestamp) -> Int64 {
        var facts = stat()
        guard stat(useFile, &facts) == 0 || stat(noteFile, &facts) == 0 else { return 0 }
        let then = Int64(facts.st_mtim.tv_sec) * 1000 + Int64(facts.st_mtim.tv_nsec) / 1_000_000
        return max(0, now.milliseconds - then)
    }
}
