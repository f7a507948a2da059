import Foundation
import Git
import Model
import Reconciler
import Testing

@Suite struct HistoryTests {
    /// Five commits: first, change of a, merge of a branch that changed b, removal of d/c, change of the mode only.
    private func story(_ scratch: Scratch) throws -> [CommitID] {
        let first = try scratch.repository(files: ["a": "1", "b": "1", "d/c": "1", "d/e": "1"])
        let second = try scratch.commit(["a": "2"], message: "Second")
        try scratch.git("branch", "side", first.text)
        let side = try scratch.commit(["b": "2"], branch: "side", message: "Side")
        let merged = try scratch.git(
            "commit-tree", "-p", second.text, "-p", side.text, "-m", "Merge",
            try tree(scratch, second.text, "b", "2"))
        try scratch.git("update-ref", "refs/heads/main", merged)
        let fourth = try scratch.commit([:], removing: ["d/c"], message: "Fourth")
        let fifth = try scratch.commit(["new/deep/file": "1"], message: "Fifth")
        return [first, second, try #require(CommitID(merged)), fourth, fifth]
    }

    private func tree(_ scratch: Scratch, _ base: String, _ name: String, _ text: String) throws -> String {
        try scratch.shell(
            """
            blob=$(printf %s \(text) | git -C repo.git hash-object -w --stdin)
            git -C repo.git ls-tree \(base) | sed "s/blob [0-9a-f]*\t\(name)$/blob $blob\t\(name)/" \
              | git -C repo.git mktree
            """)
    }

    @Test func historyFollowsFirstParentsUpToItsLimit() async throws {
        try await Scratch.with { scratch in
            let commits = try story(scratch)
            let source = try scratch.source()
            let all = try await source.history(from: commits[4], limit: 100)
            #expect(all.map(\.commit) == commits.reversed())
            #expect(all.map(\.subject) == ["Fifth", "Fourth", "Merge", "Second", "Change"])
            #expect(try await source.history(from: commits[4], limit: 2) == Array(all.prefix(2)))
            #expect(try await source.history(from: commits[4], limit: 0) == [])
            let unknown = try #require(CommitID(String(repeating: "1", count: 40)))
            #expect(await failure { _ = try await source.history(from: unknown, limit: 5) }?.failure == .missing)
        }
    }

    @Test(
        "The last change of each path is found",
        arguments: [
            (100, ["a": 1, "b": 2, "d/c": 3, "d/e": 0, "new/deep/file": 4]),
            (5, ["a": 1, "b": 2, "d/c": 3, "d/e": 0, "new/deep/file": 4]),
            (3, ["a": 2, "b": 2, "d/c": 3, "d/e": 2, "new/deep/file": 4, "never": 2]),
            (1, ["a": 4, "b": 4, "d/c": 4, "d/e": 4, "new/deep/file": 4, "never": 4]),
        ])
    func lastChanges(limit: Int, expected: [String: Int]) async throws {
        try await Scratch.with { scratch in
            let commits = try story(scratch)
            let found = try await scratch.source().lastChanges(
                of: ["a", "b", "d/c", "d/e", "new/deep/file", "never"], from: commits[4], limit: limit)
            #expect(found.mapValues(\.commit) == expected.mapValues { commits[$0] })
        }
    }

    @Test func aFileThatBecomesAFolderChangedBoth() async throws {
        try await Scratch.with { scratch in
            try scratch.repository(files: ["x": "1"])
            let second = try scratch.commit(["x/y": "1"], removing: ["x"])
            let found = try await scratch.source().lastChanges(of: ["x", "x/y"], from: second, limit: 10)
            #expect(found.mapValues(\.commit) == ["x": second, "x/y": second])
        }
    }

    @Test func namesResolveAsGitResolvesThem() async throws {
        try await Scratch.with { scratch in
            let commits = try story(scratch)
            try scratch.git("tag", "light", commits[1].text)
            try scratch.git("tag", "-a", "-m", "Heavy", "heavy", commits[2].text)
            try scratch.git("branch", "feature/x", commits[0].text)
            let source = try scratch.source()
            let expected = [
                "main": 4, "light": 1, "heavy": 2, "feature/x": 0, "main~3": 1, commits[3].text: 3,
                commits[3].text.prefix(9).description: 3, "refs/heads/main": 4,
            ]
            for (name, index) in expected {
                #expect(try await source.resolve(name).commit == commits[index], "\(name)")
            }
            for name in ["nothing", "", "a..b:c", "deadbeef", String(repeating: "1", count: 40)] {
                #expect(await failure { _ = try await source.resolve(name) }?.failure == .missing, "\(name)")
            }
            #expect(await failure { _ = try await source.resolve("main:a") }?.failure == .refused)
        }
    }
}
