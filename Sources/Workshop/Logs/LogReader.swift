internal import Glibc
internal import Model

/// One reading of a log: the older file, the current one, and what comes.
actor LogReader {
    /// A line is seen this long after it was written, at most.
    private static let rhythm = Duration.milliseconds(50)
    /// Between two stages of one workpiece nobody works on it; a reader waits this long for the next.
    private static let patience = Duration.seconds(30)
    /// Bytes read at once.
    private static let chunk = 256 << 10

    private let files: LogFiles
    private let folder: PieceFolder
    private let since: Timestamp?
    private let tail: Int?
    private let follows: Bool
    private var source: LineSource?
    private var ready: ArraySlice<LogLine> = []
    private var isBegun = false
    private var isOver = false

    init(_ files: LogFiles, _ folder: PieceFolder, since: Timestamp?, tail: Int?, follows: Bool) {
        self.files = files
        self.folder = folder
        self.since = since
        self.tail = tail
        self.follows = follows
    }

    func next() async -> LogLine? {
        if !isBegun { begin() }
        var idle = Duration.zero
        while !Task.isCancelled {
            if let line = ready.popFirst() { return line }
            if isOver { return nil }
            // Who works is asked before the file is read: what was written until then is in it.
            let isWorkedOn = folder.isWorkedOn
            advance()
            if !ready.isEmpty { continue }
            let mayContinue = isWorkedOn || (folder.isUnfinished && idle < Self.patience)
            guard follows, mayContinue else {
                isOver = true
                continue
            }
            do {
                try await Task.sleep(for: Self.rhythm)  // SAFE: one bounded pause
            } catch {
                return nil
            }
            idle = isWorkedOn ? .zero : idle + Self.rhythm
        }
        return nil
    }

    /// Reads what there is now, and keeps the end of it where only that was asked for.
    private func begin() {
        isBegun = true
        source = LineSource(files.older)
        guard let tail else { return }
        var kept: [LogLine] = []
        repeat {
            advance()
            kept += ready
            if kept.count > 2 * tail { kept.removeFirst(kept.count - tail) }
        } while !ready.isEmpty
        ready = kept.suffix(tail)
    }

    /// The next lines that are there, from this file or the one that follows it.
    private func advance() {
        ready = []
        while ready.isEmpty {
            guard let source else {
                self.source = LineSource(files.current)
                if self.source == nil { return }
                continue
            }
            if let lines = source.read(Self.chunk) {
                ready = lines.filter { line in since.map { line.at >= $0 } ?? true }[...]
            } else if source.isReplaced(at: files.current) {
                self.source = LineSource(files.current)
                if self.source == nil { return }
            } else {
                return
            }
        }
    }
}

/// The lines of one open file, which may grow and be renamed meanwhile.
private final class LineSource {
    private let descriptor: Int32
    private let inode: ino_t
    private var part: [UInt8] = []

    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var facts = stat()
        guard descriptor >= 0, fstat(descriptor, &facts) == 0 else { return nil }
        inode = facts.st_ino
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// `nil` when nothing is left to read now.
    func read(_ most: Int) -> [LogLine]? {
        var buffer = [UInt8](repeating: 0, count: most)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        part += buffer[..<count]
        guard let end = part.lastIndex(of: 0x0a) else { return [] }
        let text = String(decoding: part[...end], as: UTF8.self)
        part.removeSubrange(...end)
        return text.utf8.split(separator: 0x0a).compactMap { LogLine(parsing: $0) }
    }

    /// Whether another file has this name now.
    func isReplaced(at path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_ino != inode
    }
}
