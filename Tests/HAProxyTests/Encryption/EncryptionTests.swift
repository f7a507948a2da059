internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// TLS on both sides of the gateway.
@Suite(.serialized) struct EncryptionTests {
    @Test func baselinesAreVerifiedAndToldTheirOwnNames() async throws {
        try await Self.run { bench, ours, target in
            let other = try Certificates(in: bench.directory, named: "other")
            var gateway = bench.gateway
            gateway.authorities = [ours.authority, other.authority]
            try await bench.driver.configure(gateway)
            func ask(
                _ scheme: Endpoint.Scheme, _ trust: Endpoint.Trust, _ header: Endpoint.HostHeader = .target
            ) async throws -> Answer {
                let endpoint = Endpoint(
                    scheme: scheme, host: "localhost", port: target, hostHeader: header, trust: trust)
                let route = RouteTarget.endpoint(endpoint, label: "account@baseline")
                _ = try await bench.driver.setRoute(key(nil, "account"), to: route, on: gateway.name)
                #expect(try await bench.driver.survey(gateway).routes[key(nil, "account")] == route)
                return try bench.ask("/account")
            }
            let own = "localhost localhost:\(target)"
            #expect(try await ask(.https, .file(ours.authority)).body == "\(own) 1.1\n")
            #expect(try await ask(.grpcs, .file(ours.authority)).body == "\(own) 2.0\n")
            #expect(try await ask(.https, .unverified).body == "\(own) 1.1\n")
            #expect(try await ask(.grpcs, .unverified).body == "\(own) 2.0\n")
            #expect(try await ask(.https, .file(ours.authority), .preserve).body == "localhost client.example 1.1\n")
            #expect(
                try await ask(.https, .unverified, .literal("base.example")).body == "base.example base.example 1.1\n")
            for trust in [Endpoint.Trust.file(other.authority), .system] {
                let answer = try await ask(.https, trust)
                #expect(answer.status == 503)
                #expect(
                    answer.body
                        == "target account@baseline does not answer, or does not prove by its certificate who it is\n")
            }
            let wrongName = try await ask(.https, .file(ours.authority), .literal("base.example"))
            #expect(wrongName.status == 503, "a certificate is for the name that was asked for")
        }
    }

    @Test func aListenerSpeaksTLS() async throws {
        try await Self.run { bench, ours, _ in
            var gateway = bench.gateway
            let port = FreePorts.one()
            let listener = GatewayListener(
                name: "public", .web(port), certificate: try ours.certificate(of: "shop.example"))
            gateway.listeners.append(listener)
            try await bench.driver.configure(gateway)
            for version in ["--http1.1", "--http2"] {
                let answer = try Certificates.run(
                    "/usr/bin/curl",
                    [
                        "-sS", "-i", version, "--cacert", ours.authority, "--resolve", "shop.example:\(port):127.0.0.1",
                        "--max-time", "20", "https://shop.example:\(port)/account/x?__sandbox=qa",
                    ])
                #expect(answer.contains("x-forwarded-proto: https"))
                #expect(answer.contains("x-sandbox-route: qa/account@branch by query"))
                #expect(answer.contains("; Path=/; HttpOnly; SameSite=Lax; Secure"))
            }
        }
    }

    @Test func aRenewedCertificateIsLoaded() async throws {
        try await Self.run { bench, ours, _ in
            let other = try Certificates(in: bench.directory, named: "other")
            var gateway = bench.gateway
            let port = FreePorts.one()
            let file = try ours.certificate(of: "shop.example")
            gateway.listeners.append(GatewayListener(name: "public", .web(port), certificate: file))
            gateway.authorities = [ours.authority]
            try await bench.driver.configure(gateway)
            #expect(try await bench.driver.survey(gateway).isCurrent)
            for (new, old) in [(try other.certificate(of: "shop.example"), file), (other.authority, ours.authority)] {
                try Data(contentsOf: URL(filePath: new)).write(to: URL(filePath: old))
                #expect(try await !bench.driver.survey(gateway).isCurrent)
                try await bench.driver.configure(gateway)
                #expect(try await bench.driver.survey(gateway).isCurrent)
                let answer = try Certificates.run(
                    "/usr/bin/curl",
                    [
                        "-sS", "-i", "--cacert", other.authority, "--resolve", "shop.example:\(port):127.0.0.1",
                        "--max-time", "20", "https://shop.example:\(port)/account",
                    ])
                #expect(answer.contains("x-sandbox-route: -/account@baseline"))
            }
        }
    }

    @Test func aPathOfACertificateMayHoldWhatAManifestTakes() async throws {
        try await Self.run { bench, ours, _ in
            let file = "\(bench.directory)/a,b=c+d@e_f-g.pem"
            try Data(contentsOf: URL(filePath: ours.authority)).write(to: URL(filePath: file))
            var gateway = bench.gateway
            gateway.authorities = [file]
            try await bench.driver.configure(gateway)
            let endpoint = Endpoint(scheme: .https, host: "127.0.0.1", port: 1, trust: .file(file))
            let route = RouteTarget.endpoint(endpoint, label: "account@baseline")
            _ = try await bench.driver.setRoute(key(nil, "account"), to: route, on: gateway.name)
            #expect(try await bench.driver.survey(gateway).routes[key(nil, "account")] == route)
            #expect(try bench.ask("/account").status == 503)
        }
    }

    @Test(arguments: ["relative.pem", "/a file.pem", "/a;b.pem"])
    func aPathOfACertificateCannotWriteConfiguration(path: String) async throws {
        let driver = HAProxyDriver(directory: "/tmp/berth-nowhere")
        var gateway = DesiredGateway(
            name: try GatewayName("main"), node: try NodeName("here"), webPort: 15000,
            place: Place(file: "g.yaml", line: 1, column: 1))
        gateway.authorities = [path]
        let (bad, refusal) = (gateway, "the path of a certificate must start with /")
        #expect(await failure { try await driver.configure(bad) }?.message.hasPrefix(refusal) == true)
        gateway.authorities = []
        gateway.listeners[0].certificate = path
        let worse = gateway
        #expect(await failure { try await driver.configure(worse) }?.message.hasPrefix(refusal) == true)
    }

    @Test func anAbsentCertificateIsNamed() async throws {
        try await Self.run { bench, _, _ in
            var gateway = bench.gateway
            gateway.listeners[0].certificate = "/nowhere/cert.pem"
            let wanted = gateway
            let refusal = await failure { try await bench.driver.configure(wanted) }
            let served = try bench.ask("/account").target
            #expect(refusal?.failure == .refused)
            #expect(refusal?.message.contains("/nowhere/cert.pem") == true)
            #expect(served == "baseline", "the one that ran still serves")
        }
    }

    private static func run(_ body: (Bench, Certificates, UInt16) async throws -> Void) async throws {
        try await Bench.run { bench in
            try await bench.lay()
            let ours = try Certificates(in: bench.directory)
            let target = try await EncryptedTarget(try ours.certificate(of: "localhost"), in: bench.directory)
            defer { target.stop() }
            try await body(bench, ours, target.port)
        }
    }
}
