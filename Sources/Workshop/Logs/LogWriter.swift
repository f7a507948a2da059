internal import Glibc
internal import Model
internal import Reconciler
internal import Synchronization

/// Appends to the log of a workpiece: every line with its time, as soon as it is there.
final class LogWriter: Sendable {
    /// Bytes of one file; when it is full it becomes the older one, and the older one before it goes.
    static let fullSize = 8 << 20
    /// Bytes; a longer line becomes several.
    static let longestLine = 4096
    /// How long a part of a line is held back, waiting for the rest.
    static let longestWait = Duration.milliseconds(100)
    /// Of what a command wrote last, this many lines are told where it failed.
    static let mostLastLines = 5

    private struct State {
        var descriptor: Int32
        var size: Int
        var part: [UInt8] = []
        var partSince: ContinuousClock.Instant?
        var last: [[UInt8]] = []
        var stamp: (Timestamp, [UInt8])?
    }

    private let files: LogFiles
    private let now: @Sendable () -> Timestamp
    private let state: Mutex<State>

    init(_ files: LogFiles, now: @escaping @Sendable () -> Timestamp, for operation: String) throws(HostError) {
        self.files = files
        self.now = now
        let descriptor = Self.open(files)
        guard descriptor >= 0 else { throw HostError(disk: operation, "write", files.current) }
        var facts = stat()
        fstat(descriptor, &facts)
        state = Mutex(State(descriptor: descriptor, size: Int(facts.st_size)))
    }

    deinit { state.withLock { _ = close($0.descriptor) } }

    private static func open(_ files: LogFiles) -> Int32 {
        Glibc.open(files.current, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// The last lines that ``add(_:)`` was given.
    var lastLines: [String] {
        state.withLock { $0.last.map { String(decoding: $0.map(Self.visible), as: UTF8.self) } }
    }

    /// Writes whole lines of ours.
    func line(_ text: String) {
        state.withLock { state in
            finish(&state)
            var bytes: [UInt8] = []
            for line in text.split(whereSeparator: \.isNewline) {
                append(Array(line.utf8)[...], &state, &bytes)
            }
            write(bytes, &state)
        }
    }

    /// Takes output as it comes; lines end with a line feed or a carriage return.
    func add(_ chunk: ArraySlice<UInt8>) {
        state.withLock { state in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(chunk.count + chunk.count / 2)
            var rest = chunk
            while let end = Self.endOfLine(in: rest) {
                if state.part.isEmpty {
                    self.end(rest[..<end], &state, &bytes)
                } else {
                    state.part += rest[..<end]
                    finish(&state, into: &bytes)
                }
                rest = rest[(end + 1)...]
            }
            if !rest.isEmpty {
                state.part += rest
                state.partSince = state.partSince ?? .now
            }
            if state.part.count >= Self.longestLine { finish(&state, into: &bytes) }
            write(bytes, &state)
        }
    }

    private static func endOfLine(in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return nil }
            func find(_ byte: Int32, within count: Int) -> Int? {
                memchr(start, byte, count).map { start.distance(to: UnsafeRawPointer($0)) }
            }
            let feed = find(0x0a, within: buffer.count)
            return (find(0x0d, within: feed ?? buffer.count) ?? feed).map { bytes.startIndex + $0 }
        }
    }

    /// Writes the part of a line that has waited long enough, as a line.
    func flushParts() {
        state.withLock { state in
            if let since = state.partSince, since.duration(to: .now) >= Self.longestWait { finish(&state) }
        }
    }

    func flush() { state.withLock { finish(&$0) } }

    private func finish(_ state: inout State) {
        var bytes: [UInt8] = []
        finish(&state, into: &bytes)
        write(bytes, &state)
    }

    private func finish(_ state: inout State, into bytes: inout [UInt8]) {
        if !state.part.isEmpty { end(state.part[...], &state, &bytes) }
        state.part = []
        state.partSince = nil
    }

    /// One line of output. What comes before a carriage return and a line feed is one line, not two.
    private func end(_ line: ArraySlice<UInt8>, _ state: inout State, _ bytes: inout [UInt8]) {
        guard !line.isEmpty else { return }
        var rest = line
        while !rest.isEmpty {
            let part = rest.prefix(Self.longestLine)
            append(part, &state, &bytes)
            rest = rest.dropFirst(part.count)
        }
        state.last.append(Array(line.prefix(Self.longestLine)))
        if state.last.count > Self.mostLastLines { state.last.removeFirst() }
    }

    /// What a terminal would take for an order is no part of a text.
    private static func hide(_ bytes: inout [UInt8], from start: Int) {
        bytes.withUnsafeMutableBufferPointer { buffer in
            var index = start
            while index < buffer.count {
                if buffer[index] < 0x20 || buffer[index] == 0x7f { buffer[index] = visible(buffer[index]) }
                index += 1
            }
        }
    }

    private static func visible(_ byte: UInt8) -> UInt8 {
        byte >= 0x20 && byte != 0x7f || byte == 0x09 ? byte : UInt8(ascii: "?")
    }

    private func append(_ line: ArraySlice<UInt8>, _ state: inout State, _ bytes: inout [UInt8]) {
        let time = now()
        let stamp: [UInt8]
        if let known = state.stamp, known.0 == time {
            stamp = known.1
        } else {
            stamp = Array("\(time.iso) ".utf8)
            state.stamp = (time, stamp)
        }
        bytes += stamp
        let start = bytes.count
        bytes += line
        Self.hide(&bytes, from: start)
        bytes.append(0x0a)
    }

    /// What the disk does not take is lost: a full disk must not end a build that may go well.
    private func write(_ bytes: [UInt8], _ state: inout State) {
        guard !bytes.isEmpty else { return }
        if state.size >= Self.fullSize {
            rename(files.current, files.older)
            let fresh = Self.open(files)
            if fresh >= 0 {
                close(state.descriptor)
                state.descriptor = fresh
                state.size = 0
            }
        }
        if fill(state.descriptor, with: bytes) { state.size += bytes.count }
    }
}
