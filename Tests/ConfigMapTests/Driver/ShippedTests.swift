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

    @Test("Without git a file that is put there anew ships anew what we do not write")
    func deployed() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            let newer = Bench.shipped.replacing("-dev.", with: "-next.")
            try bench.ship(newer)
            let other = RouteTarget.endpoint(
                Endpoint(scheme: .https, host: "account-next.company.com", port: 443), label: "account@unknown")
            #expect(try await bench.routes() == [key(Bench.qa, "account"): other])
            try await bench.route("account", to: to("10.0.0.2"))
            try await bench.route("payment", to: to("10.0.0.3"))
            try await bench.unroute("payment")
            try await bench.unroute("account")
            #expect(bench.text == newer.replacing("account-next", with: "account-dev"))
            try bench.ship(newer)
            try await bench.route("account", to: to("10.0.0.2"))
            try await bench.unroute("account")
            #expect(bench.text == newer, "what we no longer write is learned")
        }
    }

    @Test("Without git an edit by hand of what we write is mended, and is not taken for what was shipped")
    func handEdit() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            let edited = try #require(bench.text).replacing("10.0.0.2:8080", with: "10.9.9.9:81")
            try bench.ship(edited)
            let byHand = to("10.9.9.9", 81, label: "account@unknown")
            #expect(try await bench.routes() == [key(Bench.qa, "account"): byHand])
            try await bench.route("account", to: to("10.0.0.2"))
            #expect(try await bench.routes() == [key(Bench.qa, "account"): to("10.0.0.2")])
            try bench.ship(edited)
            try await bench.unroute("account")
            #expect(bench.text == Bench.shipped)
            try await bench.route("account", to: to("10.0.0.2"))
            try bench.ship(edited)
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Only keys of services are kept, where nobody else may read them; what an older version kept goes")
    func secrets() async throws {
        try await Bench.run { bench in
            let text = Bench.shipped + "$config['db_password'] = 'TOPSECRET';\n"
            let files = ["branches/qa/.sdp/ocp-defaults.json", "state/shop/sandboxes/qa.json"]
            try await bench.lay(text)
            try await bench.route("account", to: to("10.0.0.2"))
            for file in files {
                let kept = try #require(bench.scratch.text(of: file))
                #expect(kept.contains("account_url") && !kept.contains("TOPSECRET") && !kept.contains("db_password"))
                let path = "\(bench.scratch.path)/\(file)"
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
                let entry = #""account_url" : "'https://account-dev"#
                let older = kept.replacing(entry, with: #""db_password" : "'TOPSECRET'", "# + entry)
                #expect(older != kept)
                try bench.scratch.write(older, to: file)
                chmod(path, 0o644)
            }
            #expect(try await bench.observed().sandboxes == [:], "it is to be let in again")
            try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name)
            #expect(try await bench.observed().sandboxes.keys.elementsEqual([Bench.qa]))
            for file in files {
                #expect(bench.scratch.text(of: file)?.contains("TOPSECRET") == false)
                let path = "\(bench.scratch.path)/\(file)"
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            }
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
            #expect(bench.text == text)
        }
    }

    @Test("What a stopped one was writing has a name that no web server shows, and is gone with the sandbox")
    func leftovers() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let folder = URL(filePath: bench.path()).deletingLastPathComponent().relativePath
            try bench.scratch.write("<?php", to: "\(folder)/.config.php.berth-new.php")
            try await bench.driver.dismiss(Bench.qa, from: bench.gateway.name)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(bench.scratch.path)/\(folder)")
            #expect(names == ["config.php"])
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
            let name = bench.path().replacing("/config.php", with: "/.config.php.berth-new.php")
            let obstacle = "\(bench.scratch.path)/\(name)/x"
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
