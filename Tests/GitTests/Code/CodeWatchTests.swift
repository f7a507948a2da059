import Foundation
import Git
import Model
import Reconciler
import Testing

@Suite struct CodeWatchTests {
    @Test("Every move of any branch or tag is noticed", arguments: ["folder", "file"])
    func moves(way: String) async throws {
        try await Scratch.with { scratch in
            let first = try scratch.repository()
            let repository = try way == "folder" ? scratch.folder() : scratch.remote("file://\(scratch["repo.git"])")
            let notices = Notices(scratch.codeHost().changes(of: repository))
            try await notices.next()
            let moves: [[String]] = [
                ["branch", "feature/very/deep", "main"], ["update-ref", "refs/heads/feature/very/deeper", first.text],
                ["tag", "v1", "main"], ["tag", "-a", "-m", "Two", "release/v2", "main"],
                ["branch", "-m", "feature/very/deep", "other"], ["tag", "-d", "release/v2"],
                ["branch", "-D", "feature/very/deeper"], ["branch", "feature/very/deep", "main"],
            ]
            for move in moves {
                try scratch.run(["/usr/bin/git", "-C", scratch["repo.git"]] + move, environment: Scratch.author)
                try await notices.next()
            }
            // Nothing moves by this, and what moves after it is seen.
            try scratch.git("pack-refs", "--all", "--prune")
            try scratch.git("gc", "-q", "--prune=now")
            try scratch.commit(["b": "1"], branch: "feature/very/deep")
            try await notices.next()

            try FileManager.default.removeItem(atPath: scratch["repo.git"])
            try await notices.next()
            try scratch.repository(files: ["other": "1"])
            try await notices.next()
        }
    }

    @Test func theKernelsNoticesComeForTagsAndDeepBranches() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let notices = Notices(try scratch.codeHost().changes(of: scratch.folder()))
            try await notices.next()
            // The poll alone needs 2 s for each.
            let deadline = ContinuousClock.now + .seconds(12)
            for number in 1...12 {
                try scratch.git(number % 2 == 0 ? "tag" : "branch", "a/b\(number)/c", "main")
                try await notices.next()
            }
            #expect(ContinuousClock.now < deadline)
        }
    }

    @Test("What is remote, or no address at all, is never noticed, and its stream ends with its task")
    func remote() async throws {
        try await Scratch.with { scratch in
            for url in ["https://h/a", "git@h:a", "ftp://h/a"] {
                let stream = try scratch.codeHost().changes(of: scratch.remote(url))
                let count = await withTaskGroup(of: Int.self) { group in
                    group.addTask {
                        var count = 0
                        for await _ in stream { count += 1 }
                        return count
                    }
                    group.cancelAll()
                    return await group.next()
                }
                #expect(count == 0)
            }
        }
    }
}
