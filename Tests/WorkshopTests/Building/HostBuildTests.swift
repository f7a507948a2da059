import Foundation
import Model
import Reconciler
import TestSupport
import Testing
import Workshop

@Suite("A build on the host")
struct HostBuildTests {
    @Test("Runs in the commit's files as the build user, and what it makes can be read by everybody")
    func builds() async throws {
        try await Bench.run { bench in
            let piece = bench.script(
                """
                umask 077
                id -u > who; pwd > where; mkdir made; echo "$GREETING" > made/file; chmod 4755 made/file
                echo built; echo complained >&2; cat
                """)
            let workshop = bench.workshop()
            try await workshop.make(piece)
            let tree = bench.tree(of: piece)
            let expected = geteuid() == 0 ? "65534" : "\(geteuid())"
            #expect(try bench.text(tree + "/who") == expected + "\n")
            #expect(try bench.text(tree + "/where") == tree + "\n")
            #expect(try bench.text(tree + "/made/file") == "hello\n")
            let modes = ["made": 0o755, "made/file": 0o755, "who": 0o644, "build.sh": 0o644]
            for (path, mode) in modes {
                let found = try FileManager.default.attributesOfItem(atPath: "\(tree)/\(path)")[.posixPermissions]
                #expect(found as? Int == mode, "\(path)")
                // Builds run as one user: what is made must not be theirs to change.
                let owner = try FileManager.default.attributesOfItem(atPath: "\(tree)/\(path)")[.ownerAccountID]
                #expect(owner as? Int == Int(geteuid()), "\(path)")
            }
            #expect(await workshop.condition(of: piece) == .ready)
            #expect(await bench.output(of: piece).suffix(2).sorted() == ["built", "complained"])
        }
    }

    @Test("Is told what it needs and nothing of what we were told")
    func environment() async throws {
        setenv("BERTH_TEST_CANARY", "9f1e-canary", 1)
        try await Bench.run { bench in
            let piece = bench.script(
                "env | sed 's/=.*//' | sort > names; env > values; nice > niceness; ulimit -c > core")
            try await bench.workshop().make(piece)
            let tree = bench.tree(of: piece)
            let names = try bench.text(tree + "/names").split(separator: "\n").map(String.init)
            // The shell itself adds the last three.
            #expect(
                Set(names).subtracting(["OLDPWD", "PWD", "SHLVL", "_"])
                    == ["BERTH_COMMIT", "GREETING", "HOME", "LANG", "PATH", "TMPDIR"])
            let values = try bench.text(tree + "/values")
            #expect(values.contains("BERTH_COMMIT=\(piece.commit)"))
            #expect(!values.contains("canary"))
            #expect(try bench.text(tree + "/niceness") == "10\n")
            #expect(try bench.text(tree + "/core") == "0\n")
        }
    }

    @Test("What a manifest says reaches the build and no program before it, which may run as root")
    func preload() async throws {
        try await Bench.run { bench in
            let build = HostBuild(
                command: ["sh", "-c", ":"],
                environment: ["LD_PRELOAD": "/no-such-library.so", "TMPDIR": "/elsewhere"])
            let piece = bench.piece(.worktree(build: build, target: "/src"))
            try await bench.workshop().make(piece)
            // The loader complains once for every program that it starts so.
            #expect(await bench.output(of: piece).filter { $0.contains("LD_PRELOAD") }.count == 1)
        }
    }

    @Test("A build that somebody else ended is not held against its commit", arguments: ["TERM", "INT", "HUP"])
    func endedFromOutside(_ signal: String) async throws {
        try await Bench.run { bench in
            let piece = bench.script("kill -\(signal) $$; sleep 60")
            let workshop = bench.workshop()
            let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
            #expect(error.failure == .unreachable)
            #expect(await workshop.condition(of: piece) == .unfinished)
        }
    }

    struct Failing: CustomTestStringConvertible {
        let script: String
        let message: String
        var testDescription: String { script }
    }

    @Test(
        "A failure is told with its last lines and remembered, until somebody wants it tried again",
        arguments: [
            Failing(script: "exit 3", message: "the build exited with 3"),
            Failing(
                script: "for i in 1 2 3 4 5 6 7; do echo line $i; done; printf 'no end'; exit 1",
                message: "the build exited with 1; it last wrote: line 4 | line 5 | line 6 | line 7 | no end"),
            Failing(script: "kill -SEGV $$", message: "the build was ended by signal 11"),
        ])
    func fails(_ example: Failing) async throws {
        try await Bench.run { bench in
            let piece = bench.script(example.script)
            let workshop = bench.workshop()
            try await workshop.fetch(piece)
            try await workshop.checkout(piece, as: Bench.uid)
            let error = try await failure { () throws(HostError) in try await workshop.build(piece, as: Bench.uid) }
            let message = example.message
            #expect(error.failure == .refused)
            #expect(error.message == message)
            // Another one, as after a restart, knows it too.
            #expect(await bench.workshop().condition(of: piece) == .failed(.build, message: message))

            let failures = Failures(bench.settings)
            #expect(failures.all().map(\.message) == [message])
            #expect(try failures.forget(piece.id))
            #expect(failures.all().isEmpty)
            #expect(await workshop.condition(of: piece) == .unfinished)
            #expect(try !failures.forget(piece.id))
        }
    }

    @Test("What is not needed is done without, and the log says so", arguments: ["exit 9", "absent"])
    func optional(_ script: String) async throws {
        try await Bench.run { bench in
            let command = script == "absent" ? ["no-such-program-here"] : ["sh", "-c", script]
            let build = HostBuild(command: command, isOptional: true)
            let piece = bench.piece(.worktree(build: build, target: "/app"), ["index.php": .init(text: "hi")])
            let workshop = bench.workshop()
            try await workshop.make(piece)
            #expect(await workshop.condition(of: piece) == .ready)
            #expect(
                await bench.output(of: piece).last?.hasSuffix("it goes on without, for this build is optional") == true)
        }
    }

    @Test("A program that is not there is named, and a user that is not there too")
    func absences() async throws {
        try await Bench.run { bench in
            let build = HostBuild(command: ["no-such-program-here", "--fast"])
            let piece = bench.piece(.worktree(build: build, target: "/src"))
            let error = try await failure { () throws(HostError) in try await bench.workshop().make(piece) }
            #expect(
                error.message.contains("no-such-program-here is not installed on this node, or not in /usr/local/sbin:")
            )
        }
        try await Bench.run {
            $0.builder.user = "no-such-user-here"
        } _: { bench in
            let piece = bench.script("true")
            let error = try await failure { () throws(HostError) in try await bench.workshop().make(piece) }
            #expect(error.failure == .refused)
            #expect(
                error.message
                    == "builds run as the user no-such-user-here, and this node has none; make it, or name another as the build user"
            )
            // It is mended outside of the commit: nothing is remembered of it.
            #expect(Failures(bench.settings).all().isEmpty)
        }
    }

    @Test("A build user that cannot reach its files is told of, with the folder in its way")
    func closedFolder() async throws {
        guard geteuid() == 0 else { return }
        try await Bench.run { bench in
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: bench.folder)
            let error = try await failure { () throws(HostError) in
                try await bench.workshop().make(bench.script("true"))
            }
            #expect(
                error.message
                    == "the build user nobody may not enter \(bench.folder); let it through (chmod o+x), or keep the data elsewhere"
            )
        }
    }

    @Test("Wrote 100 MB: it goes on to its end, and the log keeps within its bounds")
    func muchOutput() async throws {
        try await Bench.run { bench in
            let piece = bench.script(
                "head -c 100000000 /dev/zero | tr '\\0' x | fold -w 1000; echo; echo the end", timeoutMillis: 300_000)
            try await bench.workshop().make(piece)
            #expect(await bench.output(of: piece).last == "the end")
            for file in [bench.logFile(of: piece), bench.logFile(of: piece) + ".1"] {
                let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
                #expect(try #require(size) < 9 << 20)
            }
        }
    }

    @Test("Only the sub-path of a repository is built, and it must be there")
    func subPath() async throws {
        try await Bench.run { bench in
            let repository = Bench.repository("mono", subPath: "services/account")
            let recipe = Recipe.worktree(build: HostBuild(command: ["sh", "build.sh"]), target: "/src")
            let piece = bench.piece(
                recipe, ["services/account/build.sh": .init(text: "pwd > where"), "build.sh": .init(text: "exit 1")],
                of: repository)
            try await bench.workshop().make(piece)
            let place = bench.tree(of: piece) + "/services/account"
            #expect(try bench.text(place + "/where") == place + "\n")

            let other = bench.piece(recipe, ["build.sh": .init(text: "exit 1")], of: repository)
            let error = try await failure { () throws(HostError) in try await bench.workshop().make(other) }
            #expect(error.message.hasSuffix("there is no folder services/account in it; see subPath of its repository"))
        }
    }

    @Test("A sub-path that is a link is no sub-path, whoever made the link: it would be mounted from wherever it leads")
    func linkedSubPath() async throws {
        let build = Recipe.worktree(
            build: HostBuild(command: ["sh", "-c", "cd ../..; rm -r services; ln -s /etc services"]), target: "/src")
        let cases: [(Recipe, [String: FakeCode.File])] = [
            (.worktree(build: nil, target: "/src"), ["services": .init(text: "/etc", kind: .symlink)]),
            (build, ["services/ssl/file": .init(text: "x")]),
        ]
        for (recipe, files) in cases {
            try await Bench.run { bench in
                let piece = bench.piece(recipe, files, of: Bench.repository("mono", subPath: "services/ssl"))
                let workshop = bench.workshop()
                let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
                #expect(error.message.contains("there is no folder services/ssl in it"))
                #expect(await workshop.condition(of: piece) != .ready)
            }
        }
    }
}
