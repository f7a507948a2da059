import Foundation
import Git
import Model
import Reconciler
import Testing

@Suite struct ReadingTests {
    @Test func headIsTheTipOfTheBranchWithItsAuthorAndSubject() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let id = try scratch.commit(["b.yaml": "b"], message: "Add b\n\nBecause.", second: 1_700_000_007)
            let head = try await scratch.source().head()
            #expect(
                head
                    == Revision(
                        commit: id, author: "Achmad", committedAt: Timestamp(milliseconds: 1_700_000_007_000),
                        subject: "Add b"))
            #expect(try scratch.git("rev-parse", "main") == id.text)
        }
    }

    @Test func anEmptyRepositoryIsMissingItsCommits() async throws {
        try await Scratch.with { scratch in
            try GitWriter.initialize(bare: scratch["repo.git"])
            let error = await failure { _ = try await scratch.source().head() }
            #expect(error?.failure == .missing)
            #expect(error?.message.contains("is empty: it has no commits") == true)
        }
    }

    @Test func aMissingBranchNamesFiveThatAreThere() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            for name in ["b1", "b2", "f/b3", "b4", "b5", "b6"] { try scratch.git("branch", name, "main") }
            let error = await failure { _ = try await scratch.source(branch: "master").head() }
            #expect(error?.failure == .missing)
            #expect(error?.message == "there is no such branch; the repository has b1, b2, b4, b5, b6 and 2 more")
        }
    }

    @Test("A branch whose name cannot be is missing, not an accident", arguments: ["a..b", "", "x.lock", "a b"])
    func impossibleBranch(name: String) async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let error = await failure { _ = try await scratch.source(branch: name).head() }
            #expect(error?.failure == .missing)
        }
    }

    @Test func aFolderThatIsNoRepositoryIsMissingEvenInsideOne() async throws {
        try await Scratch.with { scratch in
            try scratch.workTree()
            try FileManager.default.createDirectory(atPath: scratch["work/sub"], withIntermediateDirectories: true)
            #expect(await failure { _ = try await scratch.source("work/sub").head() }?.failure == .missing)
            #expect(await failure { _ = try await scratch.source("nowhere").head() }?.failure == .missing)
        }
    }

    @Test("A work tree, its .git folder and a linked work tree are the same repository")
    func openings() async throws {
        try await Scratch.with { scratch in
            try scratch.workTree()
            try scratch.git("worktree", "add", "-q", "-b", "other", scratch["linked"], in: "work")
            let tip = try scratch.git("rev-parse", "main", in: "work")
            for name in ["work", "work/.git", "linked"] {
                #expect(try await scratch.source(name).head().commit.text == tip)
            }
        }
    }

    @Test func aRepositoryOfSomebodyElseIsRead() async throws {
        try await Scratch.with { scratch in
            let id = try scratch.repository()
            for name in try FileManager.default.subpathsOfDirectory(atPath: scratch["repo.git"]) + ["."] {
                try #require(
                    chown(scratch["repo.git/\(name)"], 65534, 65534) == 0, "this test gives files away: run it as root")
            }
            #expect(try await scratch.source().head().commit == id)
        }
    }

    @Test("The tree lists files, links and submodules in order of path, loose or packed", arguments: [false, true])
    func tree(isPacked: Bool) async throws {
        try await Scratch.with { scratch in
            try scratch.workTree()
            let work = URL(filePath: scratch["work"])
            try FileManager.default.createDirectory(at: work.appending(path: "a"), withIntermediateDirectories: true)
            try Data("x".utf8).write(to: work.appending(path: "a/b.yaml"))
            try Data("xyz".utf8).write(to: work.appending(path: "a-b"))
            try Data("#!/bin/sh\n".utf8).write(to: work.appending(path: "run.sh"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: scratch["work/run.sh"])
            try FileManager.default.createSymbolicLink(atPath: scratch["work/link"], withDestinationPath: "/etc/passwd")
            let tip = try scratch.git("rev-parse", "main", in: "work")
            try scratch.git("add", ".", in: "work")
            try scratch.git("update-index", "--add", "--cacheinfo", "160000,\(tip),sub", in: "work")
            try scratch.git("commit", "-q", "-m", "All kinds", in: "work")
            if isPacked { try scratch.git("gc", "-q", in: "work") }
            let source = try scratch.source("work")
            let head = try await source.head()
            let tree = try await source.tree(at: head.commit)
            #expect(
                tree.map { "\($0.path) \($0.kind) \($0.size)" } == [
                    "a-b file 3", "a.yaml file 5", "a/b.yaml file 1", "link symlink 0", "run.sh file 10",
                    "sub submodule 0",
                ])
            #expect(
                try scratch.git("ls-tree", "-r", "--format=%(objectname)", "main", in: "work")
                    == tree.map(\.blob.text).joined(separator: "\n"))
            let files = tree.filter { $0.kind == .file }
            let blobs = try await source.blobs(files.map(\.blob))
            #expect(files.allSatisfy { blobs[$0.blob]?.count == $0.size })
            #expect(blobs[files[0].blob] == Array("xyz".utf8))
        }
    }

    @Test func tenThousandFilesAreReadAndOneAskedForTwiceIsReadOnce() async throws {
        try await Scratch.with { scratch in
            let files = Dictionary(
                uniqueKeysWithValues: (0..<10_000).map { ("d\($0 / 100)/f\($0).yaml", "sandbox: s\($0)\n") })
            let id = try scratch.repository(files: files)
            let source = try scratch.source()
            let tree = try await source.tree(at: id)
            #expect(tree.count == 10_000)
            #expect(tree.map(\.path) == files.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
            let blobs = try await source.blobs(tree.map(\.blob) + tree.map(\.blob))
            #expect(tree.allSatisfy { blobs[$0.blob] == files[$0.path].map { Array($0.utf8) } })
        }
    }

    @Test func aTreeOfTooManyEntriesAndBlobsOfTooManyBytesAreRefused() async throws {
        try await Scratch.with { scratch in
            try scratch.repository(files: ["x": "x"])
            // Six levels of the same ten folders: a million paths in seven objects.
            var object = try scratch.git("rev-parse", "main:")
            for _ in 0..<6 {
                let list = (0..<10).map { "040000 tree \(object)\tf\($0)\n" }.joined()
                try Data(list.utf8).write(to: URL(filePath: scratch["list"]))
                object = try scratch.shell("git -C repo.git mktree < list")
            }
            let bomb = try scratch.git("commit-tree", "-m", "Bomb", object)
            let source = try scratch.source()
            let error = await failure { _ = try await source.tree(at: #require(CommitID(bomb))) }
            #expect(error?.message == "it has more than 200000 entries")
            try scratch.shell("truncate -s 200M large && git -C repo.git hash-object -w ../large > id1")
            try scratch.shell("truncate -s 201M large && git -C repo.git hash-object -w ../large > id2")
            let ids = try ["id1", "id2"].map {
                BlobID(try String(contentsOfFile: scratch[$0], encoding: .utf8).trimmingCharacters(in: .newlines))
            }
            let tooMuch = await failure { _ = try await source.blobs(ids) }
            #expect(tooMuch?.message == "more than 256 MiB were asked for at once")
        }
    }

    @Test(
        "A blob that is not there, is no blob, or is no id is an error",
        arguments: [
            String(repeating: "1", count: 40), "tree", "xyz", String(repeating: "z", count: 40),
        ])
    func strangeBlobs(id: String) async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let id = try id == "tree" ? scratch.git("rev-parse", "main:") : id
            #expect(await failure { _ = try await scratch.source().blobs([BlobID(id)]) } != nil)
        }
    }

    @Test func anObjectThatIsGoneIsAnErrorThatSaysWhere() async throws {
        try await Scratch.with { scratch in
            let id = try scratch.repository(files: ["d/a.yaml": "a"])
            let blob = try scratch.git("rev-parse", "main:d/a.yaml")
            let object = "repo.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
            try FileManager.default.removeItem(atPath: scratch[object])
            let error = await failure { _ = try await scratch.source().tree(at: id) }
            #expect(error?.operation.contains("d/a.yaml") == true)
        }
    }
}

extension Scratch {
    @discardableResult
    func shell(_ line: String) throws -> String {
        try run(
            ["/bin/sh", "-ec", "cd \"$0\"\n\(line)", path],
            environment: ["PATH": "/usr/bin:/bin", "HOME": path])
    }
}
