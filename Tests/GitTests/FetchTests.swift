import Foundation
import Git
import Model
import Reconciler
import Testing

@Suite struct FetchTests {
    private func url(_ daemon: GitDaemon) -> String { "git://127.0.0.1:\(daemon.port)/repo.git" }

    @Test func aRemoteIsFetchedReadAndFollowed() async throws {
        try await Scratch.with { scratch in
            let first = try scratch.repository()
            try scratch.git("branch", "gone/soon", "main")
            try scratch.git("tag", "-a", "-m", "One", "v1", "main")
            let daemon = try GitDaemon(serving: scratch.path)
            defer { daemon.stop() }
            let source = scratch.source(at: try GitLocation(url(daemon)))
            #expect(try await source.head().commit == first)
            #expect(try await source.tree(at: first).map(\.path) == ["a.yaml"])
            #expect(try await source.resolve("v1").commit == first)
            #expect(try await source.resolve("gone/soon").commit == first)

            let second = try scratch.commit(["b": "1"])
            try scratch.git("branch", "-D", "gone/soon")
            #expect(try await source.head().commit == second)
            #expect(await failure { _ = try await source.resolve("gone/soon") }?.failure == .missing)

            let unrelated = try scratch.git("commit-tree", "-m", "Unrelated", "main^{tree}")
            try scratch.git("update-ref", "refs/heads/main", unrelated)
            #expect(try await source.head().commit.text == unrelated)
            #expect(try scratch.git("fsck", in: "data/mirror.git").contains("missing") == false)
        }
    }

    @Test func aRemoteThatIsAwayLeavesTheMirrorInUse() async throws {
        try await Scratch.with { scratch in
            let id = try scratch.repository()
            let daemon = try GitDaemon(serving: scratch.path)
            let source = scratch.source(at: try GitLocation(url(daemon)))
            #expect(try await source.head().commit == id)
            daemon.stop()
            let error = await failure { _ = try await source.head() }
            #expect(error?.failure == .unreachable)
            #expect(try await source.tree(at: id).count == 1)
            #expect(try await source.resolve(id.text).commit == id)
        }
    }

    @Test func aServerThatGoesSilentEndsAtTheDeadlineAndLeavesNoProcess() async throws {
        try await Scratch.with { scratch in
            let server = try SilentServer()
            let source = scratch.source(
                at: try GitLocation("http://me:s3cret@127.0.0.1:\(server.port)/a.git"), deadline: .milliseconds(1500))
            let error = await failure { _ = try await source.head() }
            #expect(error?.failure == .unreachable)
            #expect(error?.message == "127.0.0.1 did not answer in full within 1500 ms")
            #expect(error?.operation == "fetch http://***@127.0.0.1:\(server.port)/a.git")
            #expect(try processes(naming: scratch["data/mirror.git"]) == [])
        }
    }

    @Test func theWholeProcessGroupDiesAtTheDeadlineEvenIfItWillNot() async throws {
        try await Scratch.with { scratch in
            let stubborn = FetchCommand(
                executable: "/bin/sh",
                arguments: ["-c", "trap '' TERM INT HUP; (trap '' TERM; exec sh -c 'sleep 30; :' \"$0\") & wait; wait"])
            let source = scratch.source(
                at: try GitLocation("git://h/a"), fetch: stubborn, deadline: .milliseconds(300))
            #expect(await failure { _ = try await source.head() }?.failure == .unreachable)
            try await eventually("a grandchild lives") { try processes(naming: scratch["data/mirror.git"]).isEmpty }
        }
    }

    @Test func aCallerThatGivesUpTakesTheFetchWithIt() async throws {
        try await Scratch.with { scratch in
            let server = try SilentServer()
            let source = scratch.source(at: try GitLocation("git://127.0.0.1:\(server.port)/a"))
            await withTaskGroup { group in
                group.addTask { _ = try? await source.head() }  // SAFE: it is cancelled
                group.cancelAll()
            }
            #expect(try processes(naming: scratch["data/mirror.git"]) == [])
        }
    }

    struct Failing: CustomTestStringConvertible {
        let arguments: [String]
        let failure: SourceError.Failure
        let message: String
        var executable = "/bin/sh"
        var testDescription: String { message }
    }

    @Test(
        "A fetching process that fails tells why, without the password",
        arguments: [
            Failing(
                arguments: ["-c", "printf 'no way to '; tr '\\n' ' '; exit 81"], failure: .unreachable,
                message: "no way to verb 5 fetch url 21 https://***@h/a pins"),
            Failing(
                arguments: ["-c", "printf 'login me:s3cret failed: s3cret'; exit 83"], failure: .refused,
                message: "login *** failed: ***"),
            Failing(
                arguments: ["-c", "exit 82"], failure: .missing, message: "/bin/sh exited with 82 and gave no reason"),
            Failing(
                arguments: ["-c", "exit 9"], failure: .refused, message: "/bin/sh exited with 9 and gave no reason"),
            Failing(
                arguments: ["-c", "kill -SEGV $$"], failure: .unreachable,
                message: "the fetching process was ended by signal 11"),
            Failing(
                arguments: ["-c", "kill -ALRM $$"], failure: .unreachable, message: "h said nothing for 60 s"),
            Failing(arguments: [], failure: .refused, message: "could not be started", executable: "/nonexistent"),
        ])
    func failures(_ example: Failing) async throws {
        try await Scratch.with { scratch in
            let source = scratch.source(
                at: try GitLocation("https://me:s3cret@h/a"),
                fetch: FetchCommand(executable: example.executable, arguments: example.arguments))
            let error = await failure { _ = try await source.head() }
            #expect(error?.failure == example.failure)
            #expect(error?.message.contains(example.message) == true, "\(error?.message ?? "")")
            #expect("\(error.map { "\($0)" } ?? "s3cret")".contains("s3cret") == false)
        }
    }

    @Test func theAddressIsOnNoCommandLine() async throws {
        try await Scratch.with { scratch in
            let source = scratch.source(
                at: try GitLocation("https://me:s3cret@h/a"),
                fetch: FetchCommand(
                    executable: "/bin/sh", arguments: ["-c", "tr '\\0' ' ' </proc/$$/cmdline; exit 83"]))
            let message = await failure { _ = try await source.head() }?.message ?? ""
            #expect(message.hasSuffix("\(scratch["data/mirror.git"]) "))
            #expect(!message.contains("***"))
        }
    }

    /// A secret may be kept in a variable of ours.
    @Test func theChildIsGivenWhatItNeedsOfOurEnvironmentAndNothingElse() async throws {
        try await Scratch.with { scratch in
            let source = scratch.source(
                at: try GitLocation("https://h/a"),
                fetch: FetchCommand(
                    executable: "/bin/sh", arguments: ["-c", "tr '\\0' '\\n' </proc/$$/environ; exit 83"]))
            let message = await failure { _ = try await source.head() }?.message ?? ""
            let names = Set(message.split(separator: "\n").map { String($0.prefix { $0 != "=" }) })
            let proxies = Set(["http_proxy", "https_proxy", "no_proxy", "all_proxy"])
            #expect(names.contains("PATH"))
            #expect(
                names.subtracting(proxies).subtracting(proxies.map { $0.uppercased() }).isSubset(of: [
                    "HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "SSH_AUTH_SOCK", "TMPDIR", "TZ", "XDG_CONFIG_HOME",
                ]))
        }
    }

    @Test("A repository that is not there is missing", arguments: ["git", "file"])
    func missing(scheme: String) async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let daemon = try GitDaemon(serving: scratch.path)
            defer { daemon.stop() }
            let address = scheme == "git" ? "git://127.0.0.1:\(daemon.port)/no.git" : "file://\(scratch["no.git"])"
            let error = #expect(throws: SourceError.self) {
                try GitFetch.run(url: address, into: scratch["mirror.git"])
            }
            #expect(error?.failure == .missing, "\(error.map { "\($0)" } ?? "")")
        }
    }

    @Test func whatAKilledFetchLeftDoesNotStopTheNext() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            try scratch.git("branch", "feature/x", "main")
            let address = "file://\(scratch["repo.git"])", mirror = scratch["m.git"]
            try GitFetch.run(url: address, into: mirror)
            for remain in ["refs/heads/main.lock", "refs/heads/feature/x.lock", "packed-refs.lock", "config.lock"] {
                try Data().write(to: URL(filePath: "\(mirror)/\(remain)"))
            }
            try Data("half".utf8).write(to: URL(filePath: "\(mirror)/objects/pack/pack_git2_abcdef"))
            let moved = try scratch.commit(["b": "1"])
            try scratch.commit(["b": "1"], branch: "feature/x")
            try GitFetch.run(url: address, into: mirror)
            #expect(try scratch.git("rev-parse", "main", in: "m.git") == moved.text)
            #expect(!FileManager.default.fileExists(atPath: "\(mirror)/objects/pack/pack_git2_abcdef"))
        }
    }

    @Test func aReferenceThatAPowerFailureEmptiedDoesNotStopTheNext() async throws {
        try await Scratch.with { scratch in
            let commit = try scratch.repository()
            try scratch.git("branch", "feature/x", "main")
            let address = "file://\(scratch["repo.git"])", mirror = scratch["m.git"]
            try GitFetch.run(url: address, into: mirror)
            for name in ["main", "feature/x"] { try Data().write(to: URL(filePath: "\(mirror)/refs/heads/\(name)")) }
            try GitFetch.run(url: address, into: mirror)
            #expect(try scratch.git("rev-parse", "main", "feature/x", in: "m.git") == "\(commit)\n\(commit)")
        }
    }

    @Test func callersAtOnceShareFetches() async throws {
        try await Scratch.with { scratch in
            let counting = FetchCommand(
                executable: "/bin/sh", arguments: ["-c", "echo x >> \"$0.count\"; sleep 0.3; exit 81"])
            try FileManager.default.createDirectory(atPath: scratch["data"], withIntermediateDirectories: true)
            let source = scratch.source(at: try GitLocation("git://h/a"), fetch: counting)
            await withTaskGroup { group in
                for _ in 0..<20 { group.addTask { _ = try? await source.head() } }  // SAFE: it fails by design
            }
            let count = try String(contentsOfFile: scratch["data/mirror.git.count"], encoding: .utf8)
            #expect(count.split(separator: "\n").count < 10)
        }
    }
}
