import Foundation
import Git
import Model
import Reconciler
import Testing

@Suite struct CodeReferencesTests {
    enum Way: String, CaseIterable {
        case folder, file, http, ssh
    }

    @Test("Whatever is pushed, every way tells what git tells, and a mirror follows", arguments: Way.allCases)
    func follows(way: Way) async throws {
        try await Scratch.with { scratch in
            let first = try scratch.repository()
            let served = try Served(way, scratch)
            defer { served.stop() }
            let host = scratch.codeHost()
            func check(_ what: Comment) async throws {
                let real = try scratch.realReferences()
                let told = try await host.references(of: served.repository, credential: served.credential)
                #expect(told == real, what)
                try await host.fetch(served.repository, credential: served.credential, into: scratch.mirror)
                #expect(try scratch.realReferences(in: "data/code.git") == real, what)
                for commit in real.values { #expect(await host.contains(commit, in: scratch.mirror), what) }
            }

            try await check("one branch")
            try scratch.git("branch", "feature/deep/one", "main")
            try scratch.git("tag", "v1", "main")
            try scratch.git("tag", "-a", "-m", "Two", "v2", "main")
            try scratch.commit(["b": "1"], branch: "feature/deep/one")
            try await check("slashes and tags")

            let unrelated = try scratch.git("commit-tree", "-m", "Unrelated", "main^{tree}")
            try scratch.git("update-ref", "refs/heads/main", unrelated)
            try scratch.git("tag", "-f", "-a", "-m", "Three", "v2", "main")
            try await check("a forced push and a tag that moved")
            #expect(await host.contains(first, in: scratch.mirror), "what runs may still be of it")

            try scratch.git("branch", "-m", "feature/deep/one", "feature")
            try await check("a branch that was a folder")
            try scratch.git("branch", "-m", "feature", "feature/again")
            try scratch.git("tag", "-d", "v1")
            try scratch.git("pack-refs", "--all")
            try await check("a folder that was a branch, and a tag that is gone")

            try scratch.git("update-ref", "-d", "refs/heads/feature/again")
            try scratch.git("update-ref", "-d", "refs/heads/main")
            try scratch.git("tag", "-d", "v2")
            #expect(try scratch.realReferences().isEmpty)
            try await check("nothing left")
        }
    }

    @Test("An empty repository has no branches and can be fetched", arguments: Way.allCases)
    func empty(way: Way) async throws {
        try await Scratch.with { scratch in
            try GitWriter.initialize(bare: scratch["repo.git"])
            let served = try Served(way, scratch)
            defer { served.stop() }
            let host = scratch.codeHost()
            #expect(try await host.references(of: served.repository, credential: served.credential) == [:])
            try await host.fetch(served.repository, credential: served.credential, into: scratch.mirror)
            let commit = try scratch.commit(["a": "1"])
            try await host.fetch(served.repository, credential: served.credential, into: scratch.mirror)
            #expect(await host.contains(commit, in: scratch.mirror))
        }
    }

    @Test("A repository that is not there is missing", arguments: Way.allCases)
    func missing(way: Way) async throws {
        try await Scratch.with { scratch in
            let served = try Served(way, scratch)
            defer { served.stop() }
            let host = scratch.codeHost()
            let listing = await failure {
                _ = try await host.references(of: served.repository, credential: served.credential)
            }
            #expect(listing?.failure == .missing, "\(listing.map { "\($0)" } ?? "")")
            let fetching = await failure {
                try await host.fetch(served.repository, credential: served.credential, into: scratch.mirror)
            }
            #expect(fetching?.failure == .missing, "\(fetching.map { "\($0)" } ?? "")")
        }
    }

    @Test func tagsThatLeadToNoCommitAreNoReferencesOfAFolder() async throws {
        try await Scratch.with { scratch in
            let commit = try scratch.repository()
            try scratch.git("tag", "text", "main:a.yaml")
            let told = try await scratch.codeHost().references(of: scratch.folder(), credential: nil)
            #expect(told == ["refs/heads/main": commit])
        }
    }

    @Test("A work tree, a linked work tree and odd names of folders are repositories too")
    func workTrees() async throws {
        try await Scratch.with { scratch in
            try scratch.workTree("a:b #%41 c")
            try scratch.git("worktree", "add", "-q", scratch["linked"], "-b", "other", in: "a:b #%41 c")
            let real = try scratch.realReferences(in: "linked")
            #expect(real.count == 2)
            let host = scratch.codeHost()
            for name in ["a:b #%41 c", "linked"] {
                #expect(try await host.references(of: scratch.folder(name), credential: nil) == real)
                try await host.fetch(scratch.folder(name), credential: nil, into: scratch["data/\(name).git"])
                #expect(try scratch.realReferences(in: "data/\(name).git") == real)
            }
        }
    }

    @Test func anAddressThatIsNoneIsRefused() async throws {
        try await Scratch.with { scratch in
            for url in ["ftp://h/a", "https://h/a\nverb 5", ""] {
                let error = await failure {
                    _ = try await scratch.codeHost().references(of: scratch.remote(url), credential: nil)
                }
                #expect(error?.failure == .refused)
            }
        }
    }
}

/// `repo.git` of a folder, served one way.
struct Served {
    let repository: CodeRepository
    let credential: Secret<String>?
    private let server: ServerProgram?

    init(_ way: CodeReferencesTests.Way, _ scratch: Scratch) throws {
        switch way {
        case .folder:
            repository = try scratch.folder()
            credential = nil
            server = nil
        case .file:
            repository = try scratch.remote("file://\(scratch["repo.git"])")
            credential = nil
            server = nil
        case .http:
            let web = try WebServer(serving: scratch, password: "pass word")
            repository = try scratch.remote(web.url(), user: WebServer.user)
            credential = Secret("pass word")
            server = web
        case .ssh:
            let key = try scratch.key("deploy")
            let shell = try SecureShell(scratch, hostKey: scratch.key("host"), authorized: key)
            repository = try scratch.remote(shell.url(scratch["repo.git"]))
            credential = try scratch.secret(ofFile: key)
            server = shell
        }
    }

    func stop() { server?.stop() }
}
