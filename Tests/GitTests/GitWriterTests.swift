import Foundation
import Git
import Model
import Reconciler
import Testing

@Suite struct GitWriterTests {
    @Test func theRealGitFindsWhatWasWritten() async throws {
        try await Scratch.with { scratch in
            try scratch.repository(files: ["a": "1", "d/b": "2"])
            try scratch.commit(["d/c": "3", "a": "4"], removing: ["d/b"], message: "Second", second: 1_700_000_100)
            #expect(try scratch.git("fsck", "--strict").contains("error") == false)
            #expect(try scratch.git("ls-tree", "-r", "--name-only", "main") == "a\nd/c")
            #expect(try scratch.git("show", "main:a") == "4")
            #expect(
                try scratch.git("log", "-1", "--format=%an|%ae|%cn|%ct|%s|%p", "main").hasPrefix(
                    "Achmad|achmad@example.org|Achmad|1700000100|Second|"))
            #expect(try scratch.git("symbolic-ref", "HEAD") == "refs/heads/main")
        }
    }

    @Test func initializingAgainLosesNothing() async throws {
        try await Scratch.with { scratch in
            let id = try scratch.repository()
            try GitWriter.initialize(bare: scratch["repo.git"])
            #expect(try await scratch.source().head().commit == id)
        }
    }

    @Test func aWorkTreeIsNotTouched() async throws {
        try await Scratch.with { scratch in
            try scratch.workTree()
            let index = FileManager.default.contents(atPath: scratch["work/.git/index"])
            try scratch.commit(["b.yaml": "b"], removing: ["a.yaml"], to: "work")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: scratch["work"]).sorted() == [".git", "a.yaml"])
            #expect(FileManager.default.contents(atPath: scratch["work/.git/index"]) == index)
            #expect(try scratch.git("ls-tree", "--name-only", "main", in: "work") == "b.yaml")
        }
    }

    @Test(
        "A path that cannot be is refused and the branch stays", arguments: ["../x", ".git/config", "a//b", ""])
    func strangePaths(path: String) async throws {
        try await Scratch.with { scratch in
            let id = try scratch.repository()
            #expect(throws: SourceError.self) { try scratch.commit([path: "x"]) }
            #expect(try await scratch.source().head().commit == id)
        }
    }

    @Test func removingWhatIsNotThereIsAnError() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let error = #expect(throws: SourceError.self) { try scratch.commit([:], removing: ["nothing"]) }
            #expect(error?.failure == .missing)
        }
    }
}
