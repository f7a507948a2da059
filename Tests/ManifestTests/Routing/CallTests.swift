import Manifest
import Model
import Testing

/// How services of a sandbox reach each other: by names that lead to the gateway, and by addresses in variables.
@Suite struct CallTests {
    private static let services = """
        service: cart
        image: cart
        ports: [{container: 9000}]
        ---
        service: rates
        image: rates
        ports: [{container: 50051, protocol: grpc}]
        baseline: {url: "grpcs://rates.company.com"}
        ---
        environment: e
        variables:
        - {name: PAYMENT_URL, valueFrom: {route: {service: payment}}}
        - {name: RATES_URL, valueFrom: {route: {service: rates}}}
        - {name: ACCOUNT_URL, valueFrom: {route: {service: account}}}
        ---

        """

    private func desired(_ gateway: String, _ services: String) throws -> DesiredSandbox {
        let repository = Repository.with(
            Self.services + gateway + "\nsandbox: x\nenvironmentRefs: [e]\nservices: {cart: {}, \(services)}\n")
        #expect(repository.report == "")
        return try #require(repository.resolution.sandboxes[sandbox("x")])
    }

    static let addresses: [(gateway: String, services: String, payment: String, rates: String, account: String)] = [
        // Without a gateway that looks after calls, the address itself.
        (
            "", "", "https://payment-dev.company.com", "https://rates.company.com", "https://account-dev.company.com"
        ),
        (
            "gateway: g\nlisteners: [{name: web, port: 80}]\n---", "payment: {target: 'http://friend:8081'}",
            "http://friend:8081", "https://rates.company.com", "https://account-dev.company.com"
        ),
        // What the sandbox has itself is called directly.
        (
            "gateway: g\nlisteners: [{name: in, selects: sourceNetwork}]\n---", "payment: {}, rates: {branch: y}",
            "http://payment:80", "http://rates:50051", "http://account:8080"
        ),
        // The rest by its name, on its own port where the gateway answers there.
        (
            "gateway: g\nlisteners: [{name: in, selects: sourceNetwork, ports: [8888, 8080]}]\n---",
            "payment: {use: baseline}", "http://payment:8888", "http://rates:8888", "http://account:8080"
        ),
        (
            "gateway: g\nlisteners: [{name: in, selects: sourceNetwork}]\n---",
            "account: {target: 'http://friend:8081'}", "http://payment:80", "http://rates:50051", "http://account:8080"
        ),
    ]

    @Test(arguments: addresses)
    func variableIsTheAddressThatTheSandboxUses(
        _ each: (gateway: String, services: String, payment: String, rates: String, account: String)
    ) throws {
        let desired = try desired(each.gateway, each.services)
        #expect(
            desired.services[try service("cart")]?.container?.environment == [
                "PAYMENT_URL": .plain(each.payment), "RATES_URL": .plain(each.rates),
                "ACCOUNT_URL": .plain(each.account),
            ])
    }

    @Test func nearerValueNeedsNoAddress() throws {
        let repository = Repository.with(
            """
            service: cart
            image: cart
            ---
            service: nowhere
            image: y
            ---
            environment: e
            variables: [{name: A, valueFrom: {route: {service: nowhere}}}, {name: B, value: b}]
            ---
            environment: near
            extends: [e]
            variables: [{name: B, valueFrom: {route: {service: user}}}]
            ---
            sandbox: x
            services: {cart: {environmentRefs: [near], env: {A: mine}}}
            """)
        #expect(repository.report == "")
        let cart = repository.resolution.sandboxes[try sandbox("x")]?.services[try service("cart")]?.container
        #expect(cart?.environment == ["A": .plain("mine"), "B": .plain("https://user-dev.company.com")])
    }

    @Test func namesOfWhatTheSandboxBorrowsLeadToTheGateway() throws {
        let inside = "gateway: g\nlisteners: [{name: in, selects: sourceNetwork}]\n---"
        let desired = try desired(inside, "user: {branch: y}, payment: {use: baseline}")
        #expect(desired.borrowed.map(\.text).sorted() == ["account", "payment", "rates"])
    }

    @Test func aTargetIsBorrowedWithoutABaseline() throws {
        let repository = Repository.with(
            "gateway: g\nlisteners: [{name: in, selects: sourceNetwork}]\n---\nservice: far\n---\n"
                + "sandbox: x\nservices: {far: {target: 'http://friend'}}\n---\nsandbox: y\n")
        #expect(repository.report == "")
        let sandboxes = repository.resolution.sandboxes
        #expect(sandboxes[try sandbox("x")]?.borrowed.map(\.text).sorted() == ["account", "far", "payment", "user"])
        #expect(sandboxes[try sandbox("y")]?.borrowed.map(\.text).sorted() == ["account", "payment", "user"])
    }

    @Test(arguments: [
        "", "gateway: g\nlisteners: [{name: web, port: 80}]\n---",
        "gateway: t\ndriver: traefikLabels\nbaseDomain: a.example\n---",
    ]) func namesStayAloneWithoutAGatewayForThem(gateway: String) throws {
        #expect(try desired(gateway, "user: {}").borrowed.isEmpty)
    }

    @Test func gatewayOfAnotherNodeServesNoCalls() throws {
        let repository = Repository.with(
            "gateway: g\nnode: n\nlisteners: [{name: in, selects: sourceNetwork}]\n---\nnode: n\n---\nnode: m\n---\n"
                + "sandbox: x\nplacement: {node: m}\n---\nsandbox: y\nplacement: {node: n}\n")
        #expect(repository.report == "")
        #expect(repository.resolution.sandboxes[try sandbox("x")]?.borrowed.isEmpty == true)
        #expect(repository.resolution.sandboxes[try sandbox("y")]?.borrowed.count == 3)
    }

    /// Its own containers by name, everything else by what it is, and no warning: its author knows.
    @Test(arguments: ["{node: m}", "{labels: {zone: dc1}}"])
    func variablesHoldOnAnotherNodeThanTheGateways(placement: String) throws {
        let repository = Repository.with(
            Self.services
                + """
                gateway: g
                node: n
                listeners: [{name: in, selects: sourceNetwork}]
                ---
                {node: n, address: 10.0.0.1, labels: {zone: dc1}}
                ---
                {node: m, address: 10.0.0.2, labels: {zone: dc1}}
                ---
                sandbox: x
                placement: \(placement)
                environmentRefs: [e]
                services: {cart: {}, account: {branch: f}, rates: {target: "grpc://friend:1"}}
                """)
        #expect(repository.report == "")
        let resolution = repository.resolution
        let name = try sandbox("x")
        let desired = try #require(resolution.sandboxes[name] ?? resolution.unplaced[name]?.sandbox)
        #expect(
            desired.services[try service("cart")]?.container?.environment == [
                "PAYMENT_URL": .plain("https://payment-dev.company.com"), "RATES_URL": .plain("http://friend:1"),
                "ACCOUNT_URL": .plain("http://account:8080"),
            ])
        #expect(desired.borrowed.isEmpty)
    }
}
