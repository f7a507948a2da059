import Foundation
import Git
import Model
import Reconciler
import TestSupport
import Testing

@Suite struct WatchTests {
    /// Listens to `source` and gives what `body` gives; the body is handed a bounded wait for the next notice.
    private func listening<Result: Sendable>(
        to source: GitSource, _ body: (_ notice: () async throws -> Void) async throws -> Result
    ) async throws -> Result {
        let notices = Notices(source.changes())
        return try await body { try await notices.next() }
    }

    @Test("Every way to move a branch is noticed", arguments: ["main", "feature/deep/one"])
    func moves(branch: String) async throws {
        try await Scratch.with { scratch in
            let first = try scratch.repository()
            try scratch.commit(["seed": "1"], branch: branch)
            let source = try scratch.source(branch: branch)
            try await listening(to: source) { notice in
                try await notice()
                func head() async throws -> String { try await source.head().commit.text }

                let second = try scratch.commit(["b": "2"], branch: branch)
                try await notice()
                #expect(try await head() == second.text)

                // The tip stays where it is; what comes after must still be seen.
                try scratch.git("pack-refs", "--all", "--prune")
                let third = try scratch.commit(["b": "3"], branch: branch)
                try await notice()
                #expect(try await head() == third.text)

                try scratch.git("gc", "-q", "--prune=now")
                let fourth = try scratch.commit(["b": "4"], branch: branch)
                try await notice()
                #expect(try await head() == fourth.text)
                #expect(try await source.tree(at: fourth).contains { $0.path == "b" })

                let unrelated = try scratch.git("commit-tree", "-m", "Unrelated", "\(first.text)^{tree}")
                try scratch.git("update-ref", "refs/heads/\(branch)", unrelated)
                try await notice()
                #expect(try await head() == unrelated)

                try scratch.git("update-ref", "-d", "refs/heads/\(branch)")
                try await notice()
                #expect(await failure { _ = try await source.head() }?.failure == .missing)

                // The folders of a slash branch are gone now, and come back.
                try? FileManager.default.removeItem(atPath: scratch["repo.git/refs/heads/feature"])  // SAFE: or gone
                let again = try scratch.commit(["b": "5"], branch: branch)
                try await notice()
                #expect(try await head() == again.text)
            }
        }
    }

    @Test("The kernel's notices come, not only the poll's", arguments: ["main", "feature/deep/one"])
    func isNoticedAtOnce(branch: String) async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let source = try scratch.source(branch: branch)
            try await listening(to: source) { notice in
                try await notice()
                // The poll alone needs 2 s for each; half of that is far more than the kernel needs for all. What git
                // and the disk take is no part of it.
                var waited = Duration.zero
                for number in 1...12 {
                    try scratch.commit(["n": "\(number)"], branch: branch)
                    waited += try await ContinuousClock().measure { try await notice() }
                    try scratch.git("pack-refs", "--all", "--prune")
                }
                #expect(waited < .seconds(12))
            }
        }
    }

    @Test func aPushOfTheRealGitIsNoticed() async throws {
        try await Scratch.with { scratch in
            try scratch.workTree()
            try GitWriter.initialize(bare: scratch["repo.git"])
            let source = try scratch.source()
            try await listening(to: source) { notice in
                try await notice()
                try scratch.git("push", "-q", scratch["repo.git"], "main", in: "work")
                try await notice()
                #expect(try await source.head().subject == "First")
            }
        }
    }

    @Test func aRepositoryThatIsMadeAgainIsNoticedByThePoll() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let source = try scratch.source()
            try await listening(to: source) { notice in
                try await notice()
                try FileManager.default.removeItem(atPath: scratch["repo.git"])
                try await notice()
                try scratch.repository(files: ["other": "1"])
                try await notice()
                #expect(try await source.head().subject == "Change")
            }
        }
    }

    @Test func whatTheStreamHeldIsFreedWhenItsReaderStops() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let source = try scratch.source()
            let before = try inotifyDescriptors(of: scratch["repo.git"])
            try #require(before == 0)
            for _ in 0..<20 {
                let reader = Notices(source.changes())
                try await reader.next()
            }
            try await eventually("a stream was left") { try inotifyDescriptors(of: scratch["repo.git"]) == 0 }
        }
    }

    @Test func aRemoteIsLookedAtAgainAndAgain() async throws {
        try await Scratch.with { scratch in
            let source = try scratch.source(
                at: GitLocation("git://127.0.0.1:1/a"), pollInterval: .milliseconds(20))
            try await listening(to: source) { notice in
                for _ in 0..<5 { try await notice() }
            }
        }
    }

    @Test("Polls keep within a tenth of their interval, and not in step", arguments: 0..<20 as Range<UInt64>)
    func jitter(seed: UInt64) {
        let remote = GitSource.Remote(mirror: "/m", fetch: .itself, pollInterval: .seconds(10))
        var random = SplitMix64(seed: seed)
        let waits = (0..<50).map { _ in remote.nextPoll(using: &random) }
        #expect(waits.allSatisfy { (.seconds(9) ... .seconds(11)).contains($0) })
        #expect(Set(waits).count > 40)
    }

    /// How many inotify descriptors of this process watch `folder`, by the inode the kernel prints.
    private func inotifyDescriptors(of folder: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder)
        let inode = String(try #require(attributes[.systemFileNumber] as? Int), radix: 16)
        return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo").count { name in
            let info = try? String(contentsOfFile: "/proc/self/fdinfo/\(name)", encoding: .utf8)  // SAFE: closed since
            return info?.contains("ino:\(inode) ") == true
        }
    }
}

/// One reader of a stream with a bound on each wait.
actor Notices {
    private static let longestWait: Duration = .seconds(20)
    private var iterator: AsyncStream<Void>.Iterator

    init(_ stream: AsyncStream<Void>) { iterator = stream.makeAsyncIterator() }

    func next() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { await self.take() }
            group.addTask {
                try await Task.sleep(for: Self.longestWait)
                return false
            }
            let isNotice = try await group.next()
            group.cancelAll()
            try #require(isNotice == true, "no notice within \(Self.longestWait)")
        }
    }

    private func take() async -> Bool {
        var copy = iterator
        let element: Void? = await copy.next(isolation: self)
        return element != nil
    }
}

/// Waits until `condition` holds, 30 s at most.
func eventually(_ otherwise: Comment, _ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, otherwise)
        try await Task.sleep(for: .milliseconds(10))
    }
}
