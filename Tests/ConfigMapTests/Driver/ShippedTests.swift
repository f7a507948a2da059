internal import ConfigMap
internal import Foundation
internal import Model
internal import Reconciler
internal import Testing

@Suite("What a branch ships is kept and given back")
struct ShippedTests {
    @Test("It is written down beside the file before the first change, and gone with the sandbox")
    func defaults() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            #expect(bench.defaults?.contains(#""account_url" : "'https://account-dev.company.com'""#) == true)
            #expect(bench.defaults?.contains(#""payment_url" : "\"https://payment-dev.company.com\"""#) == true)
            try await bench.route("account", to: to("10.0.0.2"))
            try await bench.route("payment", to: to("10.0.0.3"))
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(bench.text == Bench.shipped)
            #expect(!bench.scratch.exists("branches/qa/.sdp"))
            #expect(try await bench.observed() == ObservedGateway(isRunning: true, isCurrent: true))
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
        }
    }

    @Test("A branch that is switched by git ships anew, and `use: baseline` is that branch's")
    func branches() async throws {
        try await Bench.run { bench in
            let folder = "\(bench.scratch.path)/branches/qa"
            let other = Bench.shipped.replacing("https://account-dev", with: "https://account-next")
            try bench.ship(Bench.shipped)
            try Command.git("init", "-q", "-b", "main", in: folder)
            try Command.git("add", "application", in: folder)
            try Command.git("commit", "-q", "-m", "one", in: folder)
            try Command.git("checkout", "-q", "-b", "feature/next", in: folder)
            try bench.ship(other)
            try Command.git("commit", "-q", "-a", "-m", "two", in: folder)
            try Command.git("checkout", "-q", "main", in: folder)
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))

            try Command.git("reset", "-q", "--hard", in: folder)
            #expect(try await bench.routes() == [:], "the route is seen to be gone")
            try Command.git("checkout", "-q", "feature/next", in: folder)
            #expect(try await bench.routes() == [:])
            try await bench.route("account", to: to("10.0.0.2"))
            #expect(bench.defaults?.contains("account-next") == true)
            #expect(bench.defaults?.contains("refs/heads/feature/next") == true)
            try await bench.unroute("account")
            #expect(bench.text == other)
            #expect(try Command.git("status", "--porcelain", "-uno", in: folder) == "")

            // A change of ours that git carries over to a commit which ships the same file is no shipped value.
            try await bench.route("account", to: to("10.0.0.2"))
            try Command.git("checkout", "-q", "-b", "feature/same", in: folder)
            try Command.git("commit", "-q", "--allow-empty", "-m", "three", in: folder)
            try Command.git("pack-refs", "--all", in: folder)
            #expect(try await bench.routes() == [key(Bench.qa, "account"): to("10.0.0.2")])
            try await bench.route("payment", to: to("10.0.0.3"))
            try await bench.unroute("payment")
            try await bench.unroute("account")
            #expect(bench.text == other)
        }
    }

    @Test("A linked work tree of git is known by its own branch")
    func workTrees() async throws {
        try await Bench.run { bench in
            let main = "\(bench.scratch.path)/main"
            try bench.scratch.write(Bench.shipped, to: "main/\(Bench.file)")
            try Command.git("init", "-q", "-b", "main", in: main)
            try Command.git("add", "application", in: main)
            try Command.git("commit", "-q", "-m", "one", in: main)
            try FileManager.default.createDirectory(
                atPath: "\(bench.scratch.path)/branches", withIntermediateDirectories: true)
            try Command.git("worktree", "add", "-q", "-b", "feature/x", "../branches/qa", in: main)
            try await bench.driver.configure(bench.gateway)
            try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name)
            let commit = try Command.git("rev-parse", "HEAD", in: main).trimmingCharacters(in: .newlines)
            #expect(bench.defaults?.contains("refs/heads/feature/x \(commit)") == true)
        }
    }

    @Test("An edit by hand is seen, and is not taken for what the branch ships")
    func edits() async throws {
        try await Bench.run { bench in
            let folder = "\(bench.scratch.path)/branches/qa"
            try bench.ship(Bench.shipped)
            try Command.git("init", "-q", "-b", "main", in: folder)
            try Command.git("add", "application", in: folder)
            try Command.git("commit", "-q", "-m", "one", in: folder)
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            try bench.ship(
                Bench.shipped.replacing("https://account-dev.company.com", with: "http://me:pw@10.9.9.9:81/x")
                    .replacing("https://payment-dev.company.com", with: "/payment"))
            #expect(
                try await bench.routes() == [
                    key(Bench.qa, "account"): to("10.9.9.9", 81, label: "account@unknown"),
                    key(Bench.qa, "payment"): to("unknown.invalid", 80, label: "payment@unknown"),
                ])
            try await bench.route("account", to: to("10.0.0.2"))
            try await bench.unroute("payment")
            try await bench.unroute("account")
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Without git a file that is put there anew ships anew")
    func deployed() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            let newer = Bench.shipped.replacing("-dev.", with: "-next.")
            try bench.ship(newer)
            #expect(try await bench.routes() == [:])
            try await bench.route("account", to: to("10.0.0.2"))
            try await bench.unroute("account")
            #expect(bench.text == newer)
        }
    }

    @Test("All that we know can be lost: what was changed is known by the file beside it")
    func lost() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            try FileManager.default.removeItem(atPath: "\(bench.scratch.path)/state")
            let afresh = ConfigMapDriver(directory: "\(bench.scratch.path)/state")
            #expect(try await afresh.survey(bench.gateway) == ObservedGateway())
            try await afresh.configure(bench.gateway)
            try await afresh.admit(Bench.qa, Admission(), to: bench.gateway.name)
            #expect(
                try await afresh.survey(bench.gateway).routes == [
                    key(Bench.qa, "account"): to("10.0.0.2", label: "account@unknown")
                ])
            try await afresh.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Whoever is stopped before the write, or between two, has lost nothing that was shipped")
    func stopped() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            // In the way of every write of the configuration.
            let obstacle = "\(bench.scratch.path)/\(bench.path()).berth-new/x"
            let fails = {
                try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: true)
                let refusal = await failure { try await bench.route("account", to: to("10.0.0.3")) }
                #expect(refusal?.message.contains("cannot write") == true)
                try FileManager.default.removeItem(atPath: obstacle.replacing("/x", with: ""))
            }
            try await fails()
            #expect(bench.text == Bench.shipped)
            #expect(try await bench.routes() == [:])
            try await bench.route("account", to: to("10.0.0.2"))
            try await fails()
            #expect(try await bench.routes() == [key(Bench.qa, "account"): to("10.0.0.2", label: "account@unknown")])
            let afresh = ConfigMapDriver(directory: "\(bench.scratch.path)/state")
            try await afresh.admit(Bench.qa, Admission(), to: bench.gateway.name)
            _ = try await afresh.setRoute(key(Bench.qa, "payment"), to: .suspended, on: bench.gateway.name)
            try await afresh.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("The file beside it can be lost too")
    func lostDefaults() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            try FileManager.default.removeItem(atPath: "\(bench.scratch.path)/branches/qa/.sdp")
            try await bench.route("account", to: to("10.0.0.3"))
            #expect(bench.defaults?.contains("account-dev") == true)
            try await bench.unroute("account")
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Defaults that somebody else keeps are left alone, and said")
    func foreignDefaults() async throws {
        try await Bench.run { bench in
            try bench.ship(Bench.shipped)
            try bench.scratch.write(#"{"account_url": "https://account"}"#, to: "branches/qa/.sdp/ocp-defaults.json")
            try await bench.driver.configure(bench.gateway)
            let refusal = await failure { try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name) }
            #expect(refusal?.message.contains(".sdp/ocp-defaults.json is not Berth's") == true)
            #expect(bench.defaults == #"{"account_url": "https://account"}"#)
        }
    }

    @Test("A value in no known encoding comes back byte for byte")
    func latin() async throws {
        try await Bench.run { bench in
            let bytes =
                Array("<?php return ['account_url' => 'http://caf".utf8) + [0xe9] + Array("'];\n// ".utf8) + [0xff]
            try bench.scratch.write(bytes, to: bench.path())
            try await bench.driver.configure(bench.gateway)
            try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name)
            try await bench.route("account", to: to("10.0.0.2"))
            #expect(bench.scratch.bytes(of: bench.path()) != bytes)
            try await bench.driver.dismantle(bench.gateway.name)
            #expect(bench.scratch.bytes(of: bench.path()) == bytes)
        }
    }
}
