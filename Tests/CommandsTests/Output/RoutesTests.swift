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

@Suite("What berth routes says")
struct RoutesTests {
    static let sources = RoutesPicture.Sources(
        desired: RouteSample.desired, live: [Sample.gatewayName: RouteSample.live],
        flips: [
            RouteKey(sandbox: RouteSample.qa, service: RouteSample.account): RoutesPicture.Flip(
                at: Timestamp(milliseconds: 1_795_262_651_250),
                message: "account → account@4be1c2d (http://10.210.0.2:8080); effective 12:04:11.123Z; old target: "
                    + "3 finished, 0 dropped, 1 kept")
        ])

    static func text(_ sources: RoutesPicture.Sources, only: String? = nil, in display: Display = .file) -> String {
        let name: SandboxName? = only.map { Sample.name($0) }
        return RoutesText(RoutesPicture(sources, only: name), only: name, zone: .utc).text(in: display)
    }

    @Test("All sandboxes and what is outside, at every width", arguments: Displays.few.map(\.name))
    func everything(name: String) throws {
        try expectGolden(visible(Self.text(Self.sources, in: try Displays.named(name))), "routes-\(name)")
    }

    @Test("One sandbox, with every carrier and every service it does not list", arguments: Displays.few.map(\.name))
    func one(name: String) throws {
        try expectGolden(
            visible(Self.text(Self.sources, only: "qa", in: try Displays.named(name))), "routes-one-\(name)")
    }

    @Test("No line is wider than the terminal, at any width")
    func fits() {
        for width in 20...200 {
            let display = Display(medium: .terminal(width: width, height: 40), colour: .plain)
            for only in [nil, "qa"] {
                let lines = Self.text(Self.sources, only: only, in: display).split(separator: "\n")
                #expect(lines.allSatisfy { $0.count <= width }, "at \(width)")
            }
        }
    }

    @Test("What is not there, is away, or does not run is said")
    func trouble() {
        var sources = Self.sources
        sources.live[Sample.gatewayName]?.isCurrent = false
        #expect(
            Self.text(sources).contains("\n! it does not run what its manifest asks for; berth serve sees to that\n"))
        sources.live[Sample.gatewayName] = ObservedGateway()
        let empty = Self.text(sources)
        #expect(empty.contains("\n! it does not run; berth serve starts it\n"))
        #expect(empty.contains("the gateway does not let it in yet; berth status qa says why"))
        #expect(empty.contains("no service is routed"))
        sources.live = [:]
        sources.unseen = [
            Sample.gatewayName: "it is on node far, and no berth serve --agents runs here through which to look"
        ]
        #expect(
            Self.text(sources).contains(
                "! it is on node far, and no berth serve --agents runs here through which to look"))
        sources.desired.gateways = [:]
        #expect(Self.text(sources) == "the manifests have no gateway\n")
        #expect(Self.text(sources, only: "qa") == "no gateway knows sandbox qa; berth status qa says why\n")
    }

    @Test("What was seen and is in no manifest has that for its cause, and is a sandbox that can be asked for")
    func strangers() {
        let text = Self.text(Self.sources, only: "stray")
        #expect(text.contains("it is in no manifest: seen on the gateway"))
        #expect(text.contains("no manifest: seen on the gateway"))
        #expect(RoutesPicture(Self.sources).known == [RouteSample.qa, RouteSample.dev, Sample.name("stray")])
    }

    @Test("Where a rule lets requests of what fails go to the baseline, the route says by which")
    func detours() {
        var sources = Self.sources
        sources.live[Sample.gatewayName]?.routes[RouteKey(sandbox: RouteSample.qa, service: RouteSample.account)] =
            .failing(Endpoint(scheme: .http, host: "10.210.0.2", port: 8080), label: "account@4be1c2d")
        let text = Self.text(sources, only: "qa")
        #expect(text.contains("requests of rule login-api/v2 go to the baseline; others still go there"))
        sources.live[Sample.gatewayName]?.routes[RouteKey(sandbox: RouteSample.qa, service: RouteSample.account)] =
            .suspended
        #expect(Self.text(sources, only: "qa").contains("requests are answered 503"))
    }

    @Test("A gateway that reads labels is told by them: the rule, and the address of the container that runs")
    func labels() {
        var sources = Self.sources
        sources.desired.gateways[Sample.gatewayName]?.driver = .traefikLabels(TraefikLabels())
        sources.live = [Sample.gatewayName: ObservedGateway(isRunning: true, isCurrent: true)]
        func container(_ name: String, _ state: ObservedContainer.State, _ address: String) -> ObservedContainer {
            ObservedContainer(
                id: ContainerID(name), name: name,
                ownership: .ours(
                    .init(sandbox: RouteSample.qa, service: RouteSample.account, uid: ResourceUID(name), digest: nil)),
                state: state, attachments: ["sandbox-qa": .init(address: address, aliases: [])],
                labels: [
                    "traefik.enable": "true", "traefik.http.routers.account-qa.rule": "Host(`account-qa.test`)",
                    "traefik.http.services.account-qa.loadbalancer.server.port": "8080",
                ])
        }
        sources.labelled = [
            Sample.gatewayName: LabelledRoutes(
                of: [container("b", .exited, "10.210.0.3"), container("a", .running, "10.210.0.2")],
                in: [RouteSample.qa])
        ]
        let text = Self.text(sources, only: "qa")
        #expect(text.contains("traefikLabels on local"))
        #expect(text.contains("account  account@main  serving  http://10.210.0.2:8080"))
        #expect(text.contains("\n    Host(`account-qa.test`)\n"))
        #expect(!text.contains("does not let it in"))
    }

    @Test("Every document keeps to schemas/routes.v1.json", arguments: [nil, "qa", "dev", "stray"])
    func schema(only: String?) throws {
        let picture = RoutesPicture(Self.sources, only: only.map { Sample.name($0) })
        try SchemaValidator.expect(RoutesJSON(picture).text, toKeepTo: "routes.v1")
    }

    @Test("A sandbox's services as JSON, those it does not list among them")
    func json() throws {
        let object = try jsonObject(RoutesJSON(RoutesPicture(Self.sources, only: RouteSample.qa)).text)
        let gateways = try #require(object["gateways"] as? [[String: Any]])
        let sandboxes = try #require(gateways.first?["sandboxes"] as? [[String: Any]])
        #expect(sandboxes.count == 1)
        let routes = try #require(sandboxes.first?["routes"] as? [[String: Any]])
        #expect(routes.map { $0["service"] as? String } == ["account", "user", "payment"])
        #expect(routes.map { $0["listed"] as? Bool } == [true, true, false])
        #expect(routes.map { $0["state"] as? String } == ["serving", "unhealthy", "healthy"])
        #expect(routes[2]["version"] as? String == "2026.11.3")
    }
}
