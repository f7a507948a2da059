internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A command") struct CommandTests {
        @Test("init lays down a repository that validate finds in order, and overwrites nothing")
        func lays() async throws {
            try await Bench.scenario { bench in
                let folder = bench.scratch + "/starter"
                let made = try await bench.berth("init", folder)
                #expect(made.status == 0, "\(made.errors)")
                #expect(made.output.contains("berth validate"))
                let check = try await bench.berth("validate", folder)
                #expect(check.status == 0, "\(check.output)\(check.errors)")
                #expect(check.output.contains("no problems"))
                let again = try await bench.berth("init", folder)
                #expect(again.status == 1)
                #expect(again.errors.contains("nothing is overwritten"), "\(again.errors)")
            }
        }

        @Test("A misspelt option is an error like any other, 1, and names the nearest one")
        func usage() async throws {
            try await Bench.scenario { bench in
                let misspelt = try await bench.berth("reconcile", "--dryrun")
                #expect(misspelt.status == 1)
                #expect(misspelt.errors.contains("--dry-run"), "\(misspelt.errors)")
                let help = try await bench.berth("reconcile", "--help")
                #expect(help.status == 0)
                #expect(help.output.contains("--allow-deletions"))
            }
        }

        @Test("validate names place, key and nearest key of a typo, in a folder and in a commit")
        func findsTypos() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let good = try await bench.repository.push("good")
                try bench.repository.write("sandboxes/\(qa).yaml", "sandbox: \(qa)\nservces:\n  account: {branch: x}")
                try await bench.repository.push("typo")
                let path = bench.repository.path
                let bad = try await bench.berth("validate", path, "--revision", "main")
                #expect(bad.status == 1)
                #expect(bad.output.contains("sandboxes/\(qa).yaml:2:1: error:"), "\(bad.output)\(bad.errors)")
                #expect(bad.output.contains("servces"), "\(bad.output)")
                #expect(bad.output.contains("\"services\""), "\(bad.output)")
                let before = try await bench.berth("validate", path, "--revision", good)
                #expect(before.status == 0, "\(before.output)\(before.errors)")

                let folder = try await bench.berth("validate", bench.scratch + "/manifests")
                #expect(folder.status == 1)
                #expect(folder.output.contains("sandboxes/\(qa).yaml:2:1: error:"), "\(folder.output)")
                let github = try await bench.berth("validate", bench.scratch + "/manifests", "-o", "github")
                #expect(github.status == 1)
                #expect(github.output.hasPrefix("::error file=sandboxes/\(qa).yaml,line=2,col=1"), "\(github.output)")
                let absent = try await bench.berth("validate", path, "--revision", "nowhere")
                #expect(absent.status == 1)
                #expect(absent.errors.contains("nowhere"), "\(absent.errors)")
            }
        }

        @Test("reconcile converges without a daemon, with a line for each thing done, and ends with 0")
        func reconcilesOnce() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                let commit = try await bench.repository.push("account")
                let done = try await bench.reconcile()
                #expect(done.status == 0, "\(done.errors)")
                #expect(done.output.contains("\(qa)/account"), "\(done.output)")
                #expect(done.output.contains("All is as \(commit.prefix(7)) wants it."), "\(done.output)")
                #expect(!done.output.contains("\u{1b}"), "no control sequences where there is no terminal")
                #expect(try await bench.ask("account", in: qa).text == "account feature-a")
                try await bench.expectNothingToDo()
                let portrait = try await bench.engine.portrait()
                #expect(try await bench.reconcile().status == 0)
                #expect(try await bench.engine.portrait() == portrait)
            }
        }

        @Test("reconcile fails early, with 1 and the last words, where a container cannot get healthy")
        func failsEarly() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: broken}")
                try await bench.repository.push("a broken branch")
                let failed = try await bench.reconcile("--timeout", "10m")
                #expect(failed.status == 1)
                #expect((failed.output + failed.errors).contains("cannot open the database"), "\(failed.errors)")
            }
        }

        @Test("reconcile gives up soon after its timeout, with 1 and what it waited for")
        func timesOut() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                let patient = Manifests.service("account", baseline: bench.account.port)
                try bench.repository.write(
                    "account.yaml", patient.replacing("startPeriod: 3s", with: "startPeriod: 2m"))
                try bench.write(qa, "account: {branch: deaf}")
                try await bench.repository.push("a branch that never answers")
                let late = try await bench.run(
                    ["reconcile", "--timeout", "1s"] + bench.place, within: .seconds(25))
                #expect(late.status == 1)
                #expect(late.errors.contains("not there after 1.0 s"), "\(late.errors)")
                #expect(late.errors.contains(qa), "\(late.errors)")
            }
        }

        @Test("reconcile with a missing image says so and how to load it; destroy removes nothing without --yes")
        func namesTheImage() async throws {
            try await Bench.scenario { bench in
                let (qa, good) = (bench.name("qa"), bench.name("good"))
                try bench.write(qa, "account: {branch: not-built-yet}")
                try bench.write(good, "account: {branch: feature/a}")
                try await bench.repository.push("an image that is not there")
                let failed = try await bench.reconcile()
                #expect(failed.status == 1)
                let said = failed.output + failed.errors
                #expect(said.contains("berth-test/e2e-account:not-built-yet"), "\(said)")
                #expect(said.contains("docker load"), "\(said)")
                #expect(try await bench.ask("account", in: good).text == "account feature-a", "the other one runs")
                let portrait = try await bench.engine.portrait()
                let list = try await bench.berth("destroy", "--data", bench.data)
                #expect(list.output.contains("would remove sandbox \(good)"), "\(list.output)")
                #expect(try await bench.engine.portrait() == portrait)
            }
        }
    }
}
