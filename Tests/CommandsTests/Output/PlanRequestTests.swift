import Foundation
import Model
import Planner
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("What a dry run says of rules")
struct PlanRequestTests {
    /// A gateway that runs as it should, and asks by an older rule.
    private static let plan: FleetPlan = {
        var desired = RouteSample.desired
        desired.sandboxes = [:]
        var older = RouteSample.all
        older.backends = [RouteBackend(service: RouteSample.user)]
        var live = RouteSample.live
        live.sandboxes = [:]
        live.routes = live.routes.filter { $0.key.sandbox == nil }
        live.rules = [.everybody: [older, RouteSample.login]]
        return .of(
            FleetPlan.Inputs(
                desired: desired,
                observed: [Sample.node: ObservedNode(node: Sample.node, gateways: [Sample.gatewayName: live])]))
    }()

    @Test("Requests that a rule sends elsewhere are listed and counted, and keep to the schema")
    func requests() throws {
        try SchemaValidator.expect(PlanJSON(of: Self.plan).text, toKeepTo: "plan.v1")
        let object = try jsonObject(PlanJSON(of: Self.plan).text)
        let plans = try #require(object["plans"] as? [[String: Any]])
        let requests = try #require(plans.first?["requests"] as? [[String: Any]])
        #expect(
            requests.map { "\($0["change"] ?? "") \($0["request"] ?? "")" } == [
                "create */v2/…, cookie beta: 2", "change */v2/…",
                "remove POST *.dev.example.com/v2/login/…, header x-tenant: qa",
            ])
        #expect(requests[0]["from"] is NSNull)
        #expect(requests[1]["from"] as? String == "user")
        #expect(requests[1]["to"] as? String == "payment")
        #expect(requests[2]["to"] is NSNull)
        let summary = try #require(object["summary"] as? [String: Any])
        #expect(summary["requestsThatChangeTarget"] as? Int == 3)
        #expect((summary["text"] as? String)?.contains("Requests that change target: 3.") == true)
    }
}
