import Manifest
import Model
import Testing

/// The samples of the reference of kinds, in the shape that is built.
@Suite struct KindsSampleTests {
    private static let samples = """
        apiVersion: berth.dev/v1
        kind: Node
        metadata: {name: gateway-186}
        spec: {type: GATEWAY, address: 172.18.136.186}
        ---
        apiVersion: berth.dev/v1
        kind: Gateway
        metadata: {name: erangel}
        spec:
          node: gateway-186
          driver: haproxy
          listeners:
          - {name: sandboxes, from: 8080, to: 8999, selects: sandbox}
          - {name: web, port: 443, tls: {certFile: /etc/berth/wildcard.pem}, baseDomain: dev.example.com, public: true}
          - {name: inside, selects: sourceNetwork, ports: [80, 8080]}
          selection:
          - {type: port}
          - {type: sourceNetwork}
          - {type: host, pattern: "{sandbox}.{baseDomain}"}
          - {type: header, name: x-sandbox}
          - {type: baggage, key: sandbox}
          - {type: query, name: __sandbox, setCookie: true}
          - {type: cookie, name: __sandbox, signed: true}
          propagation: {inject: [baggage, tracestate, x-sandbox]}
          responseHeaders: {route: x-sandbox-route}
        ---
        apiVersion: berth.dev/v1
        kind: Gateway
        metadata: {name: php}
        spec:
          driver: configFileMap
          configFileMap: {folder: "/srv/{sandbox}", file: application/config/production/config.php, keyPattern: "{service}_url", reload: apache-graceful, pidFile: /run/apache2/apache2.pid, defaultsFile: .sdp/ocp-defaults.json}
        ---
        apiVersion: berth.dev/v1
        kind: Baseline
        metadata: {name: account-ocp, labels: {baseline: ocp}}
        spec:
          service: account
          url: https://account-dev.company.com
          hostHeader: target
          tls: {verify: true, caFile: /etc/berth/corp-ca.pem}
          health: {http: {path: /health}, interval: 30s}
          versionProbe: {path: /version, jsonPointer: /sha}
        ---
        service: account
        image: shop/account
        baseline: {ref: account-ocp}
        ---
        sandbox: qa-login-error
        gateway: {ref: erangel, port: auto}
        services: {account: {branch: feature/login-error}}
        ---
        apiVersion: berth.dev/v1
        kind: Route
        metadata: {name: login-api}
        spec:
          gateway: erangel
          sandboxes: [qa-login-error]
          hosts: ["*.dev.example.com"]
          rules:
          - name: v2
            matches: [{path: {prefix: /v2/login}, method: POST, headers: [{name: x-tenant, exact: qa}], cookies: [{name: beta, exact: "1"}], query: [{name: debug, exact: "1"}]}]
            backends: [{service: account, use: sandbox, weight: 90}, {service: account, use: baseline, weight: 10}]
            sticky: {cookie: __sv}
            rewrite: {prefix: /login}
            headers: {request: {set: {x-env: qa}, remove: [x-debug]}, response: {set: {}}}
            timeouts: {request: 30s}
            fallback: {when: unhealthy, to: baseline}
          tests:
          - {request: {method: POST, url: "https://qa-login-error.dev.example.com/v2/login/x", headers: {x-tenant: qa}, cookies: {beta: "1"}, query: {debug: "1"}}, expect: {service: account, target: sandbox}}
        ---
        apiVersion: berth.dev/v1
        kind: Deployment
        metadata: {name: demo}
        spec: {gateway: erangel, domain: localhost, path: /demo, service: account}
        ---
        apiVersion: berth.dev/v1
        kind: Policy
        metadata: {name: guardrails}
        spec: {forbid: {literalTargetsNotIn: ["*.company.com", "172.18.0.0/16"]}}
        """

    @Test func samplesOfTheReferenceLoad() throws {
        let repository = Repository(["a.yaml": Self.samples])
        #expect(repository.report == "")
        let resolution = repository.resolution
        #expect(resolution.nodes.values.map(\.address) == ["172.18.136.186"])
        #expect(resolution.gateways.keys.map(\.text).sorted() == ["erangel", "php"])
        #expect(resolution.gateways[try GatewayName("erangel")]?.listeners.count == 3)
        #expect(resolution.gateways[try GatewayName("erangel")]?.selection.count == 7)
        #expect(resolution.routes.keys.sorted().map(\.description) == ["deployment demo", "route login-api"])
        let route = try #require(resolution.routes[ObjectID(kind: .route, name: "login-api")]?.first)
        #expect(route.rules.map(\.rule.title) == ["login-api/v2"])
        #expect(route.rules.first?.rule.backends.map(\.weight) == [90, 10])
        #expect(route.tests.first?.request.port == 443)
        #expect(route.tests.first?.request.query == "debug=1")
    }
}
