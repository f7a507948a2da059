import Foundation
import Model
import Reconciler
import Synchronization
import TestSupport
import Testing
import Workshop

@Suite("Files of a commit")
struct CheckoutTests {
    static let recipe = Recipe.worktree(build: nil, target: "/app")

    @Test("Are laid out for every reader, and a link in them leads to nothing of ours")
    func links() async throws {
        try await Bench.run { bench in
            let outside = bench.folder + "/outside"
            #expect(
                FileManager.default.createFile(atPath: outside, contents: nil, attributes: [.posixPermissions: 0o600]))
            let piece = bench.piece(
                Self.recipe,
                [
                    "link": .init(text: outside, kind: .symlink), "run": .init(text: "x", kind: .executable),
                    "deep/file": .init(text: "y"),
                ])
            let workshop = bench.workshop()
            try await workshop.make(piece)
            let facts = try FileManager.default.attributesOfItem(atPath: outside)
            #expect(facts[.posixPermissions] as? Int == 0o600)
            #expect(facts[.ownerAccountID] as? Int == Int(geteuid()))
            let run = try FileManager.default.attributesOfItem(atPath: bench.tree(of: piece) + "/run")
            #expect(run[.posixPermissions] as? Int == 0o755)
            #expect(await workshop.condition(of: piece) == .ready)
            // Once more is harmless, and does nothing.
            try await workshop.make(piece)
            #expect(bench.code.state.withLock(\.checkouts) == 1)
        }
    }

    @Test("A full disk is told as one, leaves nothing half made, and passes")
    func fullDisk() async throws {
        try await Bench.run { bench in
            try await withSmallDisk(on: bench.settings.folder) {
                let piece = bench.piece(Self.recipe, ["large": .init(text: String(repeating: "x", count: 2 << 20))])
                let workshop = bench.workshop()
                let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
                #expect(error.failure == .unreachable)
                #expect(error.message.contains("is full; free some space, and it goes on by itself"))
                let left = try FileManager.default.contentsOfDirectory(atPath: bench.folder(of: piece))
                #expect(!left.contains { $0.hasPrefix("tree") })
                #expect(Failures(bench.settings).all().isEmpty)
            }
        }
    }

    /// A file system of 1 MiB in memory, gone with the test.
    private func withSmallDisk(on folder: String, _ body: () async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #require(
            run("mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "berth-test", folder) == 0,
            "a small disk cannot be mounted; run the tests as root, or let sudo work without a password")
        defer {
            let status = run("umount", "--lazy", folder)
            #expect(status == 0)
        }
        try await body()
    }

    private func run(_ command: String...) -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = (geteuid() == 0 ? [] : ["sudo", "-n"]) + command
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test("One fetch serves all who wait for it, and a commit that is here is not fetched")
    func sharedFetch() async throws {
        try await Bench.run { bench in
            bench.code.set { $0.delay = .milliseconds(200) }
            let workshop = bench.workshop()
            let pieces = (0..<6).map { number in
                bench.code.push(["n": .init(text: "\(number)")], to: "refs/heads/b\(number)", of: Bench.account.name)
            }.map { Workpiece(repository: Bench.account, reference: "b", commit: $0, recipe: Self.recipe) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for piece in pieces { group.addTask { try await workshop.fetch(piece) } }
                try await group.waitForAll()
            }
            // The first may have begun before the others asked; a second then serves all of those.
            #expect(bench.code.state.withLock(\.fetches) <= 2)
            try await workshop.fetch(pieces[3])
            #expect(bench.code.state.withLock(\.fetches) <= 2)
        }
    }

    @Test("A fetch that fails is told and not remembered; a commit that went is stale")
    func fetchFailures() async throws {
        try await Bench.run { bench in
            let workshop = bench.workshop()
            let piece = bench.piece(Self.recipe)
            bench.code.set { $0.moods[Bench.account.name] = .failing(.unreachable, "connection refused") }
            let silent = try await failure { () throws(HostError) in try await workshop.fetch(piece) }
            #expect(silent.failure == .unreachable)
            #expect(silent.message == "connection refused")
            #expect(await workshop.condition(of: piece) == .unfinished)

            bench.code.set { state in
                state.moods = [:]
                state.references[Bench.account.name] = [:]
            }
            let gone = try await failure { () throws(HostError) in try await workshop.fetch(piece) }
            #expect(gone.failure == .stale)
            #expect(gone.message == "main moved on while it was fetched")

            let pinned = Workpiece(
                repository: piece.repository, reference: piece.commit.text, commit: piece.commit, recipe: piece.recipe)
            let nowhere = try await failure { () throws(HostError) in try await workshop.fetch(pinned) }
            #expect(nowhere.failure == .refused)
            #expect(nowhere.message.hasPrefix("commit \(piece.commit.short) is on no branch or tag of repository"))
        }
    }

    @Test("A fetch from a silent repository ends when its task is cancelled, and so does waiting for it")
    func silentFetch() async throws {
        try await Bench.run { bench in
            let workshop = bench.workshop()
            let pieces = [bench.piece(Self.recipe), bench.piece(Self.recipe)]
            bench.code.set { $0.moods[Bench.account.name] = .silent }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for piece in pieces {
                    group.addTask { _ = try await failure { () throws(HostError) in try await workshop.fetch(piece) } }
                }
                try await soon("it is asked") { bench.code.state.withLock(\.fetches) == 1 }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}
