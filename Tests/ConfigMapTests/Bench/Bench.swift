internal import ConfigMap
internal import Foundation
internal import Model
internal import Reconciler
internal import Testing

/// A gateway of its own with a folder a sandbox; all of it is gone at the end of the test.
struct Bench {
    let scratch: Scratch
    let driver: ConfigMapDriver
    var gateway: DesiredGateway

    static let qa = sandbox("qa")
    static let uat = sandbox("uat")
    static let file = "application/config/production/config.php"

    static let shipped = """
        <?php  // where everything is
        $config['base_url'] = getenv('BASE') ?: '';
        $config['account_url']  = 'https://account-dev.company.com';   # not to be touched
        $config['payment_url']  = "https://payment-dev.company.com";
        $config['order_history_url']  = 'https://orders-dev.company.com/';
        $config['list'] = array('account_url' => 'nested', 2, 3);

        """

    static func run(
        folder: String = "branches/{sandbox}", reload: ConfigFileMap.Reload = .none,
        _ body: (Bench) async throws -> Void
    ) async throws {
        try await Scratch.with { scratch in
            let map = ConfigFileMap(folder: "\(scratch.path)/\(folder)", reload: reload)
            let gateway = DesiredGateway(
                name: try GatewayName("shop"), node: try NodeName("here"), driver: .configFileMap(map), listeners: [],
                place: Place(file: "gateway.yaml", line: 1, column: 1))
            let bench = Bench(
                scratch: scratch, driver: ConfigMapDriver(directory: "\(scratch.path)/state"), gateway: gateway)
            try await body(bench)
        }
    }

    /// `qa`, let in to a configured gateway, with its file as it was shipped.
    func lay(_ text: String = shipped, for sandbox: SandboxName = qa) async throws {
        try ship(text, for: sandbox)
        try await driver.configure(gateway)
        try await driver.admit(sandbox, Admission(), to: gateway.name)
    }

    func ship(_ text: String, for sandbox: SandboxName = qa) throws {
        try scratch.write(text, to: path(of: sandbox))
    }

    func path(of sandbox: SandboxName = qa) -> String { "branches/\(sandbox)/\(Self.file)" }

    var text: String? { scratch.text(of: path()) }

    /// What people find beside it.
    var defaults: String? { scratch.text(of: "branches/qa/.sdp/ocp-defaults.json") }

    @discardableResult
    func route(
        _ service: String, to target: RouteTarget, of sandbox: SandboxName = qa
    ) async throws -> Receipt.Flip {
        try await driver.setRoute(key(sandbox, service), to: target, on: gateway.name)
    }

    @discardableResult
    func unroute(_ service: String, of sandbox: SandboxName = qa) async throws -> Receipt.Flip {
        try await driver.removeRoute(key(sandbox, service), on: gateway.name)
    }

    func observed() async throws -> ObservedGateway { try await driver.survey(gateway) }

    func routes() async throws -> [RouteKey: RouteTarget] { try await observed().routes }
}

func sandbox(_ name: String) -> SandboxName {
    do throws(InvalidName) { return try SandboxName(name) } catch { preconditionFailure("\(error)") }
}

func key(_ sandbox: SandboxName?, _ service: String) -> RouteKey {
    do throws(InvalidName) {
        return RouteKey(sandbox: sandbox, service: try ServiceName(service))
    } catch {
        preconditionFailure("\(error)")
    }
}

func to(_ host: String, _ port: UInt16 = 8080, label: String = "account@feature-login") -> RouteTarget {
    .endpoint(Endpoint(scheme: .http, host: host, port: port), label: label)
}

/// The error a driver gives, `nil` where it gives none.
func failure(_ body: () async throws -> some Any) async -> HostError? {
    do {
        _ = try await body()
        return nil
    } catch {
        if let error = error as? HostError { return error }
        Issue.record(error)
        return nil
    }
}
