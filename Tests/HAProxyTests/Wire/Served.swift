internal import HAProxy
internal import Model
internal import Reconciler

extension Bench {
    // MARK: By any driver

    static func admit(
        _ sandbox: SandboxName, port: UInt16, to gateway: DesiredGateway, by driver: HAProxyDriver
    ) async throws {
        try await driver.admit(sandbox, Admission(port: port), to: gateway.name)
    }

    static func lead(
        _ sandbox: SandboxName?, _ service: String, to port: UInt16, at host: String = "127.0.0.1",
        by scheme: Endpoint.Scheme = .http, label: String, on gateway: DesiredGateway, _ driver: HAProxyDriver
    ) async throws {
        let endpoint = Endpoint(scheme: scheme, host: host, port: port)
        _ = try await driver.setRoute(key(sandbox, service), to: .endpoint(endpoint, label: label), on: gateway.name)
    }

    // MARK: By its own

    /// The gateway's port of `qa`.
    var door: UInt16 { ports.lowerBound }

    func admit(_ sandbox: SandboxName, port: UInt16) async throws {
        try await Self.admit(sandbox, port: port, to: gateway, by: driver)
    }

    func lead(
        _ sandbox: SandboxName?, _ service: String, to port: UInt16, at host: String = "127.0.0.1",
        by scheme: Endpoint.Scheme = .http
    ) async throws {
        try await Self.lead(
            sandbox, service, to: port, at: host, by: scheme, label: "\(service)@\(port)", on: gateway, driver)
    }

    /// Lets `qa` in and sends its requests for `service` to a port of this machine.
    func serve(_ service: String, on port: UInt16, by scheme: Endpoint.Scheme = .http) async throws {
        try await admit(Self.qa, port: door)
        try await lead(Self.qa, service, to: port, by: scheme)
    }

    /// A gateway with a recorder behind the service `wire` of `qa`.
    static func record(
        answering answer: @escaping @Sendable (Recorder.Request, RawConnection) -> Bool = Recorder.greets,
        _ body: (Bench, Recorder) async throws -> Void
    ) async throws {
        try await run { bench in
            let recorder = try Recorder(answer: answer)
            defer { recorder.stop() }
            try await bench.serve("wire", on: recorder.port)
            try await body(bench, recorder)
        }
    }
}

extension Bench {
    /// The gateway with a shorter range of ports: another configuration, and so another process.
    func narrowed(by count: Int) -> DesiredGateway {
        changed(web: web, range: ports.lowerBound...(ports.upperBound - UInt16(count)))
    }

    /// The gateway with another port for everybody.
    func web(_ port: UInt16) -> DesiredGateway { changed(web: port, range: ports) }

    private func changed(web: UInt16, range: ClosedRange<UInt16>) -> DesiredGateway {
        DesiredGateway(
            name: gateway.name, node: gateway.node, sandboxPorts: range, webPort: web, baseDomain: gateway.baseDomain,
            place: gateway.place)
    }
}
