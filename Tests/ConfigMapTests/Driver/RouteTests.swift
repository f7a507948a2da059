internal import ConfigMap
internal import Foundation
internal import Model
internal import Reconciler
internal import Testing

@Suite("Routes are values of known keys")
struct RouteTests {
    @Test("A route changes one value and nothing else, and `use: baseline` gives it back byte for byte")
    func flips() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            #expect(
                try await bench.observed()
                    == ObservedGateway(isRunning: true, isCurrent: true, sandboxes: [Bench.qa: Admission()]))
            let target = to("10.210.0.2", 9001)
            let before = Date().timeIntervalSince1970
            let flip = try await bench.route("account", to: target)
            #expect(flip.openOnOld == nil)
            #expect(abs(Double(flip.effectiveAt.milliseconds) / 1000 - before) < 60)
            #expect(
                bench.text
                    == Bench.shipped.replacing("'https://account-dev.company.com'", with: "'http://10.210.0.2:9001'"))
            #expect(try await bench.routes() == [key(Bench.qa, "account"): target])

            try await bench.unroute("account")
            #expect(bench.text == Bench.shipped)
            #expect(try await bench.routes() == [:])
            try await bench.unroute("account")
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Each kind of target is an address, and is seen again as what it is")
    func targets() async throws {
        var whole = Endpoint(scheme: .https, host: "payment.example.com", port: 443)
        whole.hostHeader = .literal("x.example.com")
        whole.trust = .file("/etc/ssl/own.pem")
        let cases: [(RouteTarget, String)] = [
            (.starting, "\"http://payment.starting.invalid\""), (.suspended, "\"http://payment.suspended.invalid\""),
            (.endpoint(whole, label: "payment@baseline"), "\"https://payment.example.com\""),
            (.failing(Endpoint(scheme: .http, host: "10.0.0.3", port: 80), label: "payment@x"), "\"http://10.0.0.3\""),
        ]
        try await Bench.run { bench in
            try await bench.lay()
            for (target, source) in cases {
                try await bench.route("payment", to: target)
                let expected = Bench.shipped.replacing("\"https://payment-dev.company.com\"", with: source)
                #expect(bench.text == expected)
                #expect(try await bench.routes() == [key(Bench.qa, "payment"): target])
                // A driver that knows nothing yet reads the same.
                let afresh = ConfigMapDriver(directory: "\(bench.scratch.path)/state")
                #expect(try await afresh.survey(bench.gateway).routes == [key(Bench.qa, "payment"): target])
            }
        }
    }

    @Test("A dash of a service is an underscore of a key, and a slash that is shipped behind a host stays")
    func dashes() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("order-history", to: to("10.0.0.4"))
            #expect(bench.text?.contains("'http://10.0.0.4:8080/';") == true)
            #expect(try await bench.routes() == [key(Bench.qa, "order-history"): to("10.0.0.4")])
        }
    }

    @Test("A service without a key, and a key that is computed, are refused with what there is")
    func refusals() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let missing = await failure { try await bench.route("acount", to: .starting) }
            let path = "\(bench.scratch.path)/\(bench.path())"
            #expect(missing?.failure == .refused)
            #expect(
                missing?.message
                    == "\(path) has no 'acount_url'; it has account_url, payment_url, base_url, order_history_url")
            let computed = await failure { try await bench.route("base", to: .starting) }
            #expect(
                computed?.message
                    == "\(path):2:23: 'base_url' cannot be set: its value is no plain string; give it a plain string, once, outside every condition"
            )
            let outside = await failure {
                try await bench.driver.setRoute(key(nil, "account"), to: .starting, on: bench.gateway.name)
            }
            #expect(outside?.message.contains("says where baselines are") == true)
            let stranger = await failure { try await bench.route("account", to: .starting, of: Bench.uat) }
            #expect(stranger?.failure == .stale)
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Doing it again writes nothing")
    func repeats() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            try await bench.route("account", to: to("10.0.0.2"))
            let file = "\(bench.scratch.path)/\(bench.path())"
            let inode = try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? UInt64
            try await bench.route("account", to: to("10.0.0.2"))
            try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name)
            try await bench.driver.configure(bench.gateway)
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? UInt64 == inode)
            // Another label at the same address is no other file.
            try await bench.route("account", to: to("10.0.0.2", label: "account@other"))
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? UInt64 == inode)
            #expect(try await bench.routes() == [key(Bench.qa, "account"): to("10.0.0.2", label: "account@other")])
        }
    }

    @Test("A route to the very address that is shipped is a route")
    func sameAddress() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let same = RouteTarget.endpoint(
                Endpoint(scheme: .https, host: "account-dev.company.com", port: 443), label: "account@here")
            try await bench.route("account", to: same)
            #expect(try await bench.routes() == [key(Bench.qa, "account"): same])
            try await bench.unroute("account")
            #expect(try await bench.routes() == [:])
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Mode and links of the file stay, and nothing is left beside it")
    func mode() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let file = "\(bench.scratch.path)/\(bench.path())"
            let real = file.replacing("config.php", with: "real.php")
            try FileManager.default.moveItem(atPath: file, toPath: real)
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "real.php")
            chmod(real, 0o640)
            if getuid() == 0 { chown(real, 33, 33) }
            try await bench.route("account", to: to("10.0.0.2"))
            let made = try FileManager.default.attributesOfItem(atPath: real)
            #expect(made[.posixPermissions] as? Int == 0o640)
            if getuid() == 0 { #expect(made[.ownerAccountID] as? Int == 33) }
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: file) == "real.php")
            #expect(bench.text?.contains("10.0.0.2") == true)
            let folder = URL(filePath: file).deletingLastPathComponent().path()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["config.php", "real.php"])
        }
    }

    @Test("A file that leads out of its folder is not touched")
    func escape() async throws {
        try await Bench.run { bench in
            try bench.ship(Bench.shipped)
            try await bench.driver.configure(bench.gateway)
            try bench.scratch.write(Bench.shipped, to: "elsewhere.php")
            let file = "\(bench.scratch.path)/\(bench.path())"
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.createSymbolicLink(
                atPath: file, withDestinationPath: "\(bench.scratch.path)/elsewhere.php")
            let refusal = await failure { try await bench.driver.admit(Bench.qa, Admission(), to: bench.gateway.name) }
            #expect(refusal?.message.contains("leads out of its folder") == true)
        }
    }

    @Test("An address that the author of a sandbox wrote may not lead to the machine itself")
    func forbidden() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            for host in ["169.254.169.254", "127.0.0.1", "localhost"] {
                let target = RouteTarget.endpoint(
                    Endpoint(scheme: .http, host: host, port: 80, isLiteral: true), label: "account@literal")
                let refusal = await failure { try await bench.route("account", to: target) }
                #expect(refusal?.failure == .refused, "\(host)")
            }
            #expect(bench.text == Bench.shipped)
        }
    }

    @Test("Rules need another gateway, and nobody counts sessions")
    func rules() async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let rule = RouteRule(title: "x", backends: [RouteBackend(service: key(nil, "account").service)])
            let refusal = await failure {
                try await bench.driver.setRules([rule], of: .everybody, on: bench.gateway.name)
            }
            #expect(refusal?.message == "driver configFileMap has no rules; use a haproxy gateway")
            try await bench.driver.setRules([], of: .everybody, on: bench.gateway.name)
            #expect(try await bench.driver.openSessions(to: "10.0.0.2", port: 1, on: bench.gateway.name) == 0)
        }
    }
}
