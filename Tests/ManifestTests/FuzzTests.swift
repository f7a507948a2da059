import Manifest
import Model
import TestSupport
import Testing

/// Mutated samples: whatever comes of them, nothing crashes, and every problem has a place inside the file.
@Suite struct FuzzTests {
    private static let samples = [
        Repository.samples, Repository.catalogue,
        """
        apiVersion: berth.dev/v1
        kind: Sandbox
        metadata: {name: qa, labels: {a: b}, owner: x}
        spec:
          template: {name: t, parameters: {p: "1"}}
          gateway: {ref: g, port: auto}
          services: {account: {branch: f/é, env: [{name: A, value: "\\u00e9"}]}, user: {target: "http://a:1"}}
          lifecycle: {state: Suspended}
        """,
        """
        template: t
        parameters: [{name: p, type: integer, default: 5}]
        gateway: &g {ref: g, port: $(p)}
        routes: {a: {rules: [{service: $(p), rewrite: {path: /$(p)}, matches: [{path: $(p), headers: [{name: a, exact: $(p)}]}]}]}}
        services: {account: {use: baseline}}
        ---
        {"environment": "e", "variables": [{"name": "A", "value": "b"}], "files": [{"path": "/a", "content": "|"}]}
        ---
        gateway: g
        listeners:
        - {name: a, from: 1, to: 2}
        """,
        """
        repository: code
        url: https://achmad@git.example.com:8443/acc/code.git
        path: /srv/code
        subPath: a/b
        credentialRef: {provider: file, path: /run/key, user: achmad}
        ---
        service: cart
        repository: code
        recipe: {type: hostBuild, build: {command: [go, build], env: {A: b}, timeout: 5m}, run: {image: a, mounts: [{source: worktree}]}}
        ---
        service: shop
        repository: code
        recipe: {type: dockerfile, path: Dockerfile, context: web, target: run, args: {A: b}}
        ---
        {"service": "php", "repository": "code", "recipe": {"type": "phpGateway"}}
        ---
        imageBundle: base
        images: [alpine, {ref: "b:1", digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}]
        archive: /srv/base.tar
        sha256: "0000000000000000000000000000000000000000000000000000000000000000"
        ---
        sandbox: z
        services: {cart: {branch: f, commit: 4be1c2d9f0a14be1c2d9f0a14be1c2d9f0a14be1}, shop: {}, php: {branch: g}}
        """,
        """
        gateway: g
        listeners: [{name: a, port: 1, public: true, baseDomain: a.b}, {name: b, from: 5, to: 9}, {name: c, selects: sourceNetwork}]
        selection: [{type: host}, {type: header, name: x}, {type: query, setCookie: true}, {type: cookie, signed: false}]
        propagation: {inject: [header]}
        responseHeaders: {route: none}
        ---
        service: cart
        image: cart
        baseline: {url: "https://a.b", hostHeader: c, tls: {verify: false}, health: {http: {path: /h}}, versionProbe: {path: /v}}
        ---
        environment: e
        variables: [{name: A, valueFrom: {route: {service: cart}}}]
        ---
        sandbox: x
        environmentRefs: [e]
        services: {cart: {target: "http://127.0.0.1"}, user: {}}
        routes: {a: {rules: [{service: cart}]}}
        ---
        route: r
        hosts: ["*.a.b", c]
        rules:
        - {matches: [{path: {regex: "/a(b|c)*[d-f]{1,2}"}, query: [{name: a, present: true}]}], backends: [{service: cart, weight: 3}, user], rewrite: {path: /}}
        tests: [{request: {url: "http://a.b/?c", query: {d: e}, cookies: {f: g}}, expect: {status: 404}}]
        ---
        deployment: d
        domain: localhost
        path: /d
        service: cart
        ---
        policy: p
        forbid: {literalTargetsNotIn: ["*.a", 10.0.0.0/8]}
        ---
        gateway: t
        driver: configFileMap
        configFileMap: {folder: "/a/{sandbox}"}
        """,
        """
        node: a
        types: [MICRO, INFRA]
        address: 10.0.0.1
        runtime: podman
        capacity: {cpu: "8", memory: 16Gi, disk: 200Gi, reserve: {cpu: 500m, memory: 1Gi}}
        labels: {zone: dc1}
        cordoned: true
        ---
        node: b
        labels: {zone: dc1}
        ---
        repository: code
        path: /srv/code
        node: a
        ---
        template: t
        parameters: [{name: zone}]
        placement: {labels: {zone: $(zone)}}
        ---
        sandbox: x
        template: {name: t, parameters: {zone: dc1}}
        ---
        sandbox: y
        placement: {labels: {}}
        """,
    ]
    private static let pieces = [
        "\t", "\n", "- ", ": ", "&a ", "*a", "<<: ", "{", "}", "[", "]", "\"", "'", "!!str ", "---\n", "$(p)", "#",
        "|\n",
        "\u{85}", "\u{feff}", "é", "sandbox: ", "null", "~", "0", "? ",
    ]

    @Test(arguments: 0..<40) func survivesMutation(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            var bytes = Array(Self.samples[Int.random(in: 0..<Self.samples.count, using: &random)].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, &random) }
            let file = ParsedFile(path: "f.yaml", bytes: bytes)
            let lines = lineLengths(of: bytes)
            let resolved = Catalogue(objects: file.objects, broken: file.broken).resolve()
            for problem in file.problems + resolved.problems {
                let place = problem.place
                guard place.line >= 1, place.line <= lines.count, place.column >= 1,
                    place.column <= lines[place.line - 1] + 1
                else {
                    Issue.record("seed \(seed): \(problem) lies outside of \(bytes)")
                    return
                }
                #expect(!problem.message.isEmpty)
            }
            #expect(file.isReadable || file.problems.count == 1)
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            bytes.insert(contentsOf: Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &random)].utf8, at: at)
        case 1 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 2 where at < bytes.count:
            bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...12, using: &random)))
        default: bytes.insert(contentsOf: bytes.prefix(at).suffix(20), at: at)
        }
    }

    /// Characters of each line, by the line breaks of YAML 1.1.
    private func lineLengths(of bytes: [UInt8]) -> [Int] {
        var lengths = [0]
        var last: Unicode.Scalar = " "
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": lengths.append(0)
            default: lengths[lengths.count - 1] += 1
            }
            last = scalar
        }
        return lengths
    }
}
