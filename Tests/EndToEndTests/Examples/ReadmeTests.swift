internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("The README") struct ReadmeTests {
        private static func page() throws -> Page {
            Page(try String(contentsOf: Example.root.appending(path: "README.md"), encoding: .utf8))
        }

        @Test("lists the commands that there are, in the words of `berth help`, and names no other and no other option")
        func listsCommands() async throws {
            try await Bench.scenario { bench in
                let page = try Self.page()
                let help = try await bench.berth("help")
                #expect(page.table == Self.commands(in: help.output))
                #expect(page.mentions.count > 20)
                for (command, options) in page.mentions where command != "help" {
                    #expect(page.table[command] != nil, "berth \(command)")
                    let known = try await bench.berth("help", command).output
                    for option in options { #expect(known.contains("\(option) "), "berth \(command) \(option)") }
                }
            }
        }

        @Test("shows manifests in which `berth validate` finds no problem")
        func showsManifests() async throws {
            try await Bench.scenario { bench in
                let blocks = try Self.page().blocks.filter { $0.language == "yaml" }
                #expect(blocks.count == 1)
                let folder = bench.scratch + "/shown"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                let text = blocks.flatMap(\.lines).joined(separator: "\n")
                try Data(text.utf8).write(to: URL(filePath: folder + "/shown.yaml"))
                let outcome = try await bench.berth("validate", folder)
                #expect(outcome.status == 0)
                #expect(outcome.output.hasSuffix(" manifests: no problems\n"), "\(outcome.output)\(outcome.errors)")
            }
        }

        @Test("tells a story that comes true, command by command")
        func comesTrue() async throws {
            try await Bench.scenario { bench in
                let steps = try Self.page().steps
                #expect(steps.count > 15)
                let said = try await Self.play(steps, on: bench)
                // What comes after a command that went another way means nothing.
                let wrong = zip(steps, said).first { !Page.agrees($1, with: $0.output) }
                if let (step, lines) = wrong {
                    Issue.record("$ \(step.command)\n\(lines.joined(separator: "\n"))")
                }
            }
        }

        @Test(
            "Lines agree but for commits and times, and `…` is any number of them",
            arguments: [
                (["a"], ["a"], true), (["a"], ["b"], false), (["a", "b"], ["a"], false), ([], ["a"], false),
                (["at 12ab3cd"], ["at 0fffff1"], true), (["took 0.4 s"], ["took 12 s"], true), ([], ["…"], true),
                (["a", "b", "c"], ["…", "c"], true), (["a", "b", "c"], ["a", "…"], true),
                (["a", "b", "c"], ["…", "b"], false), (["a", "c"], ["…", "b", "…"], false), (["a"], ["a", "…"], true),
                (["at 2026-11-21T15:51:51.489Z"], ["at 2027-01-01T00:00:00.000Z"], true),
            ] as [([String], [String], Bool)])
        func agrees(said: [String], written: [String], isSo: Bool) {
            #expect(Page.agrees(said, with: written) == isSo)
        }

        /// The commands of `berth help` with their sentences, which go on in lines that are indented further.
        private static func commands(in help: String) -> [String: String] {
            var commands: [String: String] = [:]
            var last = ""
            let lines = help.split(separator: "\n", omittingEmptySubsequences: false).drop {
                !$0.contains("SUBCOMMANDS:")
            }
            for line in lines {
                if let match = line.wholeMatch(of: /[ ]{2}([a-z-]+) +(\S.*)/) {
                    last = String(match.1)
                    commands[last] = String(match.2)
                } else if !last.isEmpty, let more = line.wholeMatch(of: /[ ]{20,}(\S.*)/) {
                    commands[last, default: ""] += " " + more.1
                } else {
                    last = ""
                }
            }
            return commands
        }

        /// Runs the commands in one shell; what each wrote, in order.
        private static func play(_ steps: [Page.Step], on bench: Bench) async throws -> [[String]] {
            let environment = [
                "PATH": bench.scratch + "/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
                "HOME": bench.scratch, "BERTH_DATA": bench.data, "DOCKER_HOST": bench.engine.host, "NO_COLOR": "1",
                "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada",
                "GIT_AUTHOR_EMAIL": "ada@berth.invalid", "GIT_COMMITTER_NAME": "Ada",
                "GIT_COMMITTER_EMAIL": "ada@berth.invalid",
            ]
            try FileManager.default.createDirectory(
                atPath: bench.scratch + "/bin", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: bench.scratch + "/bin/berth", withDestinationPath: try program())
            let images = Example.root.appending(path: "scripts/demo-images").path(percentEncoded: false)
            let made = try await Program(
                [images, "feature/login-error", "feature/payment-retry"], environment: environment,
                scratch: bench.scratch
            ).end(within: .seconds(60))
            #expect(made.status == 0, "\(made.errors)")

            // Each command sees the status of the one before it, and its words end at a line of our own.
            let mark = "<end of a command>"
            let script = steps.map { "\($0.command)\nstatus=$?; echo '\(mark)'; (exit $status)" }
            let outcome = try await Program(
                ["bash", "-c", "exec 2>&1; cd '\(bench.scratch)'\n" + script.joined(separator: "\n")],
                environment: environment, scratch: bench.scratch
            ).end(within: .seconds(240))
            let said = outcome.output.components(separatedBy: mark + "\n").dropLast()
            try #require(said.count == steps.count, "\(outcome.output)")
            return said.map { text in
                text.isEmpty
                    ? [] : text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            }
        }

        /// Where the scenarios find it, too.
        private static func program() throws -> String {
            let own = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "berth")
            return ProcessInfo.processInfo.environment["BERTH_BINARY"] ?? own.path(percentEncoded: false)
        }
    }
}
