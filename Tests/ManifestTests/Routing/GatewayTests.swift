import Manifest
import Model
import Testing

/// What the manifests of gateways, baselines and policies come to.
@Suite struct GatewayTests {
    private func gateway(_ text: String) throws -> DesiredGateway {
        let repository = Repository.with("gateway: g\n" + text)
        #expect(repository.report == "")
        return try #require(repository.resolution.gateways[GatewayName("g")])
    }

    @Test func gatewayThatSaysLittleHasTheUsualRest() throws {
        let gateway = try gateway("listeners: [{name: web, port: 80}]\n")
        #expect(gateway.driver == .haproxy)
        #expect(gateway.listeners == [GatewayListener(name: "web", .web(80))])
        #expect(gateway.selection == Selector.standard)
        #expect(gateway.injects == Set(Injection.allCases))
        #expect(gateway.responseHeaders == ResponseHeaders())
        #expect(gateway.baseDomain == nil)
    }

    @Test func listenersOfEverySort() throws {
        let gateway = try gateway(
            """
            listeners:
            - {name: web, port: 443, public: true, tls: {certFile: /etc/berth/wildcard.pem}, baseDomain: Dev.Example.com}
            - {name: plain, port: 80}
            - {name: phones, from: 9000, to: 9099, selects: sandbox, tls: {certFile: /etc/berth/phones.pem}}
            - {name: inside, selects: sourceNetwork, ports: [80, 9050]}
            """)
        #expect(
            gateway.listeners == [
                GatewayListener(name: "web", .web(443), isPublic: true, certificate: "/etc/berth/wildcard.pem"),
                GatewayListener(name: "plain", .web(80)),
                GatewayListener(name: "phones", .sandboxes(9000...9099), certificate: "/etc/berth/phones.pem"),
                GatewayListener(name: "inside", .inside([80, 9050])),
            ])
        #expect(gateway.baseDomain == "dev.example.com")
    }

    @Test func insidePortsAreThoseOfTheCatalogueWhereNoneAreNamed() throws {
        let gateway = try gateway(
            """
            listeners: [{name: inside, selects: sourceNetwork}]
            ---
            service: a
            ports: [{container: 9000}, {container: 7000, default: true}, {container: 5432, protocol: tcp}]
            ---
            service: b
            ports: [{container: 50051, protocol: grpc}]
            ---
            service: c
            ports: [{container: 6000, protocol: tcp}]
            """)
        // Account of the catalogue has 8080, payment and user 80.
        #expect(gateway.insidePorts == [80, 7000, 8080, 50051])
    }

    static let selections: [(text: String, selection: [Selector])] = [
        ("{type: port}", [.port]),
        ("{type: host, pattern: '{sandbox}.{baseDomain}'}", [.host]),
        (
            "{type: cookie}, {type: sourceNetwork}, {type: header}",
            [.cookie("__sandbox", isSigned: true), .sourceNetwork, .header("x-sandbox")]
        ),
        (
            "{type: header, name: X-QA}, {type: header, name: x-b}, {type: baggage, key: k}, {type: tracestate}",
            [.header("x-qa"), .header("x-b"), .baggage(key: "k"), .tracestate(key: "sandbox")]
        ),
        ("{type: query}", [.query("__sandbox", setsCookie: false)]),
        (
            "{type: query, name: s}, {type: cookie, name: c, signed: false}",
            [.query("s", setsCookie: true), .cookie("c", isSigned: false)]
        ),
        (
            "{type: query, setCookie: false}, {type: cookie}",
            [.query("__sandbox", setsCookie: false), .cookie("__sandbox", isSigned: true)]
        ),
    ]

    @Test(arguments: selections) func selectionIsInOrderOfPrecedence(text: String, selection: [Selector]) throws {
        #expect(try gateway("listeners: [{name: web, port: 80}]\nselection: [\(text)]\n").selection == selection)
    }

    @Test func headersAreNamedAndInjected() throws {
        let gateway = try gateway(
            """
            listeners: [{name: web, port: 80}]
            selection: [{type: header, name: X-Box}]
            propagation: {inject: [x-sandbox, tracestate]}
            responseHeaders: {route: X-Served, conflict: none}
            """)
        #expect(gateway.injects == [.header, .tracestate])
        #expect(gateway.responseHeaders == ResponseHeaders(route: "x-served", conflict: nil))
    }

    @Test func withoutAHeaderToSelectByNoneIsInjected() throws {
        let gateway = try gateway("listeners: [{name: web, port: 80}]\nselection: [{type: port}]\n")
        #expect(gateway.injects == [.baggage, .tracestate])
    }

    // MARK: Other drivers

    @Test func configFileMapIsToldWhatToPatch() throws {
        let short = try gateway("driver: configFileMap\nconfigFileMap: {folder: '/srv/{sandbox}/gateway'}\n")
        #expect(short.driver == .configFileMap(ConfigFileMap(folder: "/srv/{sandbox}/gateway")))
        #expect(short.listeners.isEmpty)
        let long = try gateway(
            """
            driver: configFileMap
            configFileMap:
              folder: /srv/gateway
              file: config.php
              keyPattern: url.{service}
              defaultsFile: defaults.json
              reload: apache-graceful
              pidFile: /run/apache2/apache2.pid
            """)
        #expect(
            long.driver
                == .configFileMap(
                    ConfigFileMap(
                        folder: "/srv/gateway", file: "config.php", keyPattern: "url.{service}",
                        defaultsFile: "defaults.json", reload: .apacheGraceful(pidFile: "/run/apache2/apache2.pid"))))
    }

    @Test func oneTableServesOneSandboxAndAFolderEachServesMany() throws {
        func sandboxes(_ folder: String) -> [String] {
            let repository = Repository.with(
                "gateway: g\ndriver: configFileMap\nconfigFileMap: {folder: '\(folder)'}\n---\nsandbox: x\n---\nsandbox: y\n"
            )
            return repository.resolution.sandboxes.keys.map(\.text).sorted()
        }
        #expect(sandboxes("/srv/gateway") == ["x"])
        #expect(sandboxes("/srv/{sandbox}/gateway") == ["x", "y"])
    }

    static let labels: [(ports: String, port: String?)] = [
        ("", "80"), ("ports: []", "3000"), ("ports: [{container: 8080}]", "8080"),
        ("ports: [{container: 1, protocol: tcp}, {container: 50051, protocol: grpc}]", "50051"),
        ("ports: [{container: 5432, protocol: tcp}]", nil),
    ]

    @Test(arguments: labels) func traefikIsToldOfEveryContainerThatSpeaksHTTP(ports: String, port: String?) throws {
        let repository = Repository.with(
            """
            gateway: t
            driver: traefikLabels
            baseDomain: Dev.Example.com
            traefikLabels: {port: 3000}
            ---
            service: Cart
            image: cart
            \(ports)
            ---
            sandbox: QA-Login
            services: {cart: {}}
            """)
        #expect(repository.report == "")
        let container = repository.resolution.sandboxes[try sandbox("qa-login")]?.services[try service("cart")]?
            .container
        let expected = port.map { port in
            [
                "traefik.enable": "true",
                "traefik.http.routers.cart-qa-login.rule": "Host(`cart-qa-login.dev.example.com`)",
                "traefik.http.routers.cart-qa-login.service": "cart-qa-login",
                "traefik.http.services.cart-qa-login.loadbalancer.server.port": port,
            ]
        }
        #expect(container?.labels == expected ?? [:])
    }

    @Test func noOtherGatewayPutsLabelsOnContainers() throws {
        let repository = Repository.with(
            "gateway: g\nlisteners: [{name: web, port: 80}]\n---\nsandbox: x\nservices: {user: {}}\n")
        #expect(
            repository.resolution.sandboxes[try sandbox("x")]?.services[try service("user")]?.container?.labels == [:])
    }

    // MARK: Baselines

    @Test func baselinesSayHowTheyAreSpokenToAndAsked() throws {
        let repository = Repository.with(
            """
            gateway: g
            listeners: [{name: web, port: 80}]
            ---
            gateway: t
            driver: traefikLabels
            baseDomain: a.example
            ---
            service: a
            ---
            baseline: a-ocp
            service: a
            url: https://a.company.com
            hostHeader: A.Internal
            tls: {caFile: /etc/berth/corp.pem}
            health: {http: {path: /health}, interval: 1m}
            versionProbe: {path: /version, jsonPointer: /build/sha}
            ---
            service: b
            baseline: {url: "grpcs://b.company.com:8443", tls: {verify: false}, hostHeader: preserve}
            ---
            service: c
            baseline: {url: "grpc://c.company.com", versionProbe: {path: /v}}
            """)
        #expect(repository.report == "")
        let resolution = repository.resolution
        let baselines = resolution.baselines
        let first = try #require(baselines[service("a")])
        #expect(
            first.endpoint
                == Endpoint(
                    scheme: .https, host: "a.company.com", port: 443, hostHeader: .literal("a.internal"),
                    trust: .file("/etc/berth/corp.pem")))
        let probe = BaselineProbe(
            healthPath: "/health", intervalMillis: 60_000, versionPath: "/version", versionPointer: "/build/sha")
        #expect(first.probe == probe)
        #expect(
            baselines[try service("b")]?.endpoint
                == Endpoint(
                    scheme: .grpcs, host: "b.company.com", port: 8443, hostHeader: .preserve, trust: .unverified))
        #expect(baselines[try service("b")]?.probe == nil)
        #expect(baselines[try service("c")]?.endpoint == Endpoint(scheme: .grpc, host: "c.company.com", port: 80))
        let gateway = try #require(resolution.gateways[GatewayName("g")])
        #expect(gateway.authorities == ["/etc/berth/corp.pem"])
        #expect(gateway.probes == [try service("a"): probe, try service("c"): BaselineProbe(versionPath: "/v")])
        #expect(resolution.gateways[try GatewayName("t")]?.probes == [:])
    }

    // MARK: Targets

    @Test func targetsAreLiteralAndBaselinesAreNot() throws {
        let repository = Repository.with(
            """
            policy: p
            forbid: {literalTargetsNotIn: ["*.Company.com", 172.18.0.0/16, Friend]}
            ---
            sandbox: x
            services:
              user: {target: "https://user.company.com"}
              account: {target: "grpc://172.18.1.2:50051"}
              payment: {use: baseline}
            """)
        #expect(repository.report == "")
        let resolution = repository.resolution
        #expect(
            resolution.targetPolicy
                == TargetPolicy(
                    allowed: [
                        .below("company.com"), .network(try #require(Subnet("172.18.0.0/16"))), .host("friend"),
                    ]))
        let services = try #require(resolution.sandboxes[sandbox("x")]?.services)
        #expect(
            services[try service("user")]?.use
                == .target(Endpoint(scheme: .https, host: "user.company.com", port: 443, isLiteral: true)))
        #expect(
            services[try service("account")]?.use
                == .target(Endpoint(scheme: .grpc, host: "172.18.1.2", port: 50051, isLiteral: true)))
        #expect(
            services[try service("payment")]?.use
                == .baseline(Endpoint(scheme: .https, host: "payment-dev.company.com", port: 443)))
    }

    @Test func policyThatIsBrokenAllowsNothing() throws {
        let repository = Repository.with(
            "policy: p\nforbd: {}\n---\nsandbox: x\nservices: {user: {target: 'http://a'}}\n---\nsandbox: y\n")
        #expect(repository.resolution.targetPolicy == TargetPolicy(allowed: []))
        #expect(repository.resolution.sandboxes.keys.map(\.text) == ["y"])
    }

    @Test func catalogueWithoutAPolicyAllowsWhatIsNotForbiddenAlways() {
        #expect(Repository.with("sandbox: x\n").resolution.targetPolicy == TargetPolicy())
    }
}
