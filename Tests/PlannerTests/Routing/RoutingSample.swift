import Model
import Planner
import TestSupport

/// A gateway with two sandboxes behind it, for tests of its law.
enum RoutingSample {
    static let gateway: DesiredGateway = {
        var gateway = DesiredGateway(
            name: Sample.gatewayName, node: Sample.node,
            listeners: [
                GatewayListener(name: "web", .web(18000)), GatewayListener(name: "public", .web(18443), isPublic: true),
                GatewayListener(name: "sandboxes", .sandboxes(18080...18089)),
                GatewayListener(name: "inside", .inside([80, 8080, 18081])),
            ], baseDomain: "dev.example.com", place: Sample.place)
        gateway.injects = [.header, .baggage]
        return gateway
    }()

    /// qa has an account of its own, on port 18080; other sleeps, on 18081. Both lend payment from the baseline.
    static let table = RoutingTable(
        sandboxes: [
            Sample.name("qa"): Admission(port: 18080, network: Subnet("10.210.0.0/28")),
            Sample.name("other"): Admission(port: 18081, network: Subnet("10.210.0.16/28")),
        ],
        routes: [
            key("qa", "account"): Sample.target("10.210.0.2", "account@4be1c2d"),
            key("other", "account"): .suspended,
            key(nil, "account"): Sample.target("account.ocp", "account@baseline"),
            key(nil, "payment"): Sample.target("pay.ocp", "payment@baseline"),
        ])

    static func key(_ sandbox: String?, _ service: String) -> RouteKey {
        RouteKey(sandbox: sandbox.map { Sample.name($0) }, service: Sample.name(service))
    }

    static func request(
        _ path: String = "/account/x", host: String = "gw", port: UInt16 = 18000, method: String = "GET",
        query: String? = nil, from source: String? = nil, to destination: String? = nil,
        _ headers: [(String, String)] = []
    ) -> GatewayRequest {
        GatewayRequest(
            method: method, host: host, port: port, path: path, query: query,
            headers: headers.map { .init($0.0, $0.1) }, source: source, destination: destination)
    }

    /// With headers alone.
    static func request(_ headers: [(String, String)]) -> GatewayRequest { request("/account/x", headers) }

    static func decide(_ request: GatewayRequest, by table: RoutingTable = table) -> Decision {
        // A signed value is `name.good` here.
        Decision(of: request, at: gateway, by: table) { value in
            value.hasSuffix(".good") ? String(value.dropLast(5)) : nil
        }
    }

    static func table(_ rules: [RouteScope: [DesiredRoute.Placed]]) -> RoutingTable {
        var changed = table
        changed.rules = rules.mapValues { $0.map(\.rule) }
        return changed
    }
}

extension Decision {
    /// All that may come of it.
    var shownAll: [String] { outcomes.map(shown) }

    var statuses: [Int] {
        outcomes.map { if case .refuse(let status, _, _) = $0.answer { status } else { 200 } }
    }

    /// Path and query as they are sent on.
    var sent: String? {
        guard case .forward(_, _, let path, let query)? = outcomes.first?.answer else { return nil }
        return path + (query.map { "?\($0)" } ?? "")
    }
}
