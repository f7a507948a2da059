internal import Foundation
internal import Synchronization

/// Somebody who looks at the command line and environment of every process again and again, for words that may be in
/// none of them.
final class Lookout: Sendable {
    private struct State {
        var looks = 0
        var sightings: Set<String> = []
        var isWanted = true
        var hasEnded = false
    }

    private static let pauseMicroseconds: useconds_t = 2000
    private let state = Mutex(State())

    /// `harmless` is part of the command line of those who may know the words.
    init(for words: [String], but harmless: [String]) {
        Thread.detachNewThread {
            while self.state.withLock(\.isWanted) {
                for id in Processes.all { self.look(at: id, for: words, but: harmless) }
                self.state.withLock { $0.looks += 1 }
                usleep(Self.pauseMicroseconds)
            }
            self.state.withLock { $0.hasEnded = true }
        }
    }

    private func look(at id: pid_t, for words: [String], but harmless: [String]) {
        let line = Processes.text(of: id, "cmdline")
        let text = line + Processes.text(of: id, "environ")
        guard words.contains(where: text.contains) else { return }
        // One that becomes another program, or ends, has no command line for a moment. Who holds a word for longer than
        // that is met again.
        let lines = line + Processes.text(of: id, "cmdline")
        guard !lines.isEmpty, !harmless.contains(where: lines.contains) else { return }
        state.withLock { state in
            if state.sightings.count < 5 { state.sightings.insert(line.replacing("\0", with: " ")) }
        }
    }

    /// What was seen, and how often all processes were looked at.
    func stop() async throws -> (sightings: Set<String>, looks: Int) {
        state.withLock { $0.isWanted = false }
        try await eventually("end of the lookout", isTrue: { state.withLock(\.hasEnded) })
        return state.withLock { ($0.sightings, $0.looks) }
    }
}

/// The files below a folder that hold one of the words.
func holders(of words: [String], below folder: String) throws -> [String] {
    let wanted = words.map { Data($0.utf8) }
    return try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
        let file = URL(filePath: folder + "/" + path)
        // SAFE: sockets and folders hold no text
        guard let content = try? Data(contentsOf: file) else { return false }
        return wanted.contains { content.range(of: $0) != nil }
    }
}
