extension MessageTests {
    private static func gateway(_ text: String) -> String {
        "gateway: g\nlisteners: [{name: web, port: 80}]\n\(text)\n"
    }

    private static func map(_ text: String) -> String {
        "gateway: g\ndriver: configFileMap\nconfigFileMap: {\(text)}\n"
    }

    private static func labels(_ text: String) -> String { "gateway: g\ndriver: traefikLabels\n\(text)\n" }

    static let gateways: [Case] = [
        // Listeners
        Case("no listeners", "gateway: g\n"),
        Case("no spec", "apiVersion: berth.dev/v1\nkind: Gateway\nmetadata: {name: g}\n"),
        Case("empty listeners", "gateway: g\nlisteners: []\n"),
        Case("two ranges", "gateway: g\nlisteners: [{name: a, from: 1, to: 2}, {name: b, from: 5, to: 6}]\n"),
        Case(
            "two listeners for calls out of sandboxes",
            "gateway: g\nlisteners: [{name: a, selects: sourceNetwork}, {name: b, selects: sourceNetwork}]\n"),
        Case("two listeners of one name", "gateway: g\nlisteners: [{name: a, port: 1}, {name: a, port: 2}]\n"),
        Case("two listeners on one port", "gateway: g\nlisteners: [{name: a, port: 1}, {name: b, port: 1}]\n"),
        Case(
            "inside keys on others",
            "gateway: g\nlisteners: [{name: a, port: 1, ports: [2]}, {name: b, from: 5, to: 6, baseDomain: x.y}]\n"),
        Case(
            "others' keys on an inside listener",
            "gateway: g\nlisteners: [{name: a, selects: sourceNetwork, public: true}, "
                + "{name: b, selects: sourceNetwork, from: 1, to: 2}, {name: c, selects: sourceNetwork, ports: [1, 1]}]\n"
        ),
        Case(
            "certificates",
            "gateway: g\nlisteners: [{name: a, port: 1, tls: {certRef: {name: w}}}, "
                + "{name: b, port: 2, tls: {certFile: cert.pem}}, {name: c, port: 3, tls: {certFile: '/a b'}}]\n"),
        Case("ports of a pool", "gateway: g\nlisteners: [{name: a, portPool: gateway, from: 1, to: 2}]\n"),
        Case(
            "two base domains",
            "gateway: g\nbaseDomain: a.example\nlisteners: [{name: a, port: 1, baseDomain: A.example}, "
                + "{name: b, port: 2, baseDomain: b.example}]\n"),
        Case(
            "gateways that share an inside port",
            "gateway: a\nlisteners: [{name: in, selects: sourceNetwork}]\n---\n"
                + "gateway: b\nlisteners: [{name: web, port: 8080}]\n"),
        Case(
            "listeners that select nothing",
            "gateway: g\nlisteners: [{name: a, from: 1, to: 2}, {name: b, port: 5, baseDomain: a.example}, "
                + "{name: c, selects: sourceNetwork}]\nselection: [{type: header}]\n"),
        // Selection
        Case("empty selection", gateway("selection: []")),
        Case("selection of one thing twice", gateway("selection: [{type: query}, {type: query, name: __sandbox}]")),
        Case(
            "keys of other selections",
            gateway("selection: [{type: header, key: a}, {type: baggage, name: b}, {type: cookie, setCookie: true}]")),
        Case("names of selections", gateway("selection: [{type: cookie, name: 'a;b'}, {type: query, name: 'a$b'}]")),
        Case(
            "reserved headers",
            gateway("selection: [{type: header, name: Host}, {type: header, name: baggage}, {type: header, name: TE}]")),
        Case("selecting by what answers say", gateway("selection: [{type: header, name: x-sandbox-route}]")),
        Case("pattern of hosts", gateway("selection: [{type: host, pattern: '{sandbox}-{baseDomain}'}]")),
        Case("cookie that nobody reads", gateway("selection: [{type: query, setCookie: true}]")),
        Case(
            "propagation",
            gateway("propagation: {inject: [x-sandbox, b3], stripUntrusted: true}")),
        Case(
            "header that is not selected by",
            gateway("selection: [{type: host}]\npropagation: {inject: [baggage, header]}")),
        Case("one header for both", gateway("responseHeaders: {route: x-a, conflict: X-A, generation: x-b}")),
        Case("reserved answers", gateway("responseHeaders: {route: Content-Length, conflict: 'x a'}")),
        // Drivers
        Case("tables of other drivers", gateway("configFileMap: {folder: /a}\ntraefikLabels: {}")),
        Case("nothing to patch", "gateway: g\ndriver: configFileMap\n"),
        Case("folder", map("folder: 'a/{sandbox}'")),
        Case("placeholder of nothing", map("folder: '/a/{branch}'")),
        Case("key pattern", map("folder: /a, keyPattern: 'url', file: ../b, defaultsFile: /c")),
        Case("key of a program", map("folder: /a, keyPattern: \"{service}'\"")),
        Case("process without a reload", map("folder: /a, pidFile: /run/pid")),
        Case("reload without a process", map("folder: /a, reload: apache-graceful")),
        Case(
            "haproxy's keys on another driver",
            map("folder: /a") + "selection: [{type: host}]\nlisteners: [{name: a, from: 1, to: 2}]\n"),
        Case(
            "one file for two gateways",
            map("folder: /a") + "---\ngateway: h\ndriver: configFileMap\nconfigFileMap: {folder: /a}\n"),
        Case(
            "one table for two sandboxes",
            map("folder: /a") + "---\nsandbox: x\n---\nsandbox: y\n"),
        Case("host names without a domain", labels("")),
        Case("host names of labels", labels("traefikLabels: {host: '{service}.example.com'}")),
        Case("host names with something else", labels("traefikLabels: {host: '{service}-{sandbox}.{domain}'}")),
        Case("host names that are none", labels("traefikLabels: {host: '{service}`{sandbox}'}")),
        Case(
            "service that nothing leads to",
            labels("baseDomain: a.example") + "---\nsandbox: x\nservices: {user: {use: baseline}}\n"),
        Case(
            "one router for two",
            labels("baseDomain: a.example")
                + "---\nsandbox: b-c\nservices: {a: {}}\n---\nsandbox: c\nservices: {a-b: {}}\n",
            and: ["b.yaml": "service: a\nimage: y\n---\nservice: a-b\nimage: y\n"]),
        Case(
            "host name that is too long",
            labels("baseDomain: a.example")
                + "---\nsandbox: \(String(repeating: "x", count: 60))\nservices: {user: {}}\n"),
        Case(
            "labels on another node",
            labels("node: n\nbaseDomain: a.example") + "---\nnode: n\n---\nnode: m\n---\n"
                + "sandbox: x\nplacement: {node: m}\nservices: {user: {}}\n"),
        // Baselines
        Case("baseline without TLS", "baseline: x\nservice: user\nurl: http://a\ntls: {verify: false}\n"),
        Case("unverified authority", "baseline: x\nservice: user\nurl: https://a\ntls: {verify: false, caFile: /a}\n"),
        Case("authority by name", "baseline: x\nservice: user\nurl: https://a\ntls: {caRef: {name: a}}\n"),
        Case(
            "probes",
            "baseline: x\nservice: user\nurl: https://a\nhealth: {interval: 1ms}\n"
                + "versionProbe: {jsonPointer: sha}\nhostHeader: 'a b'\n"),
        Case("pointer", "baseline: x\nservice: user\nurl: https://a\nversionProbe: {path: /v, jsonPointer: /a~2}\n"),
        Case("baseline by name and more", "service: x\nbaseline: {ref: a, hostHeader: preserve}\n"),
        Case(
            "addresses that are not what they seem",
            "baseline: x\nservice: user\nurl: http://127.1\n---\nbaseline: y\nservice: user\nurl: grpc://0x7f000001\n"),
        Case(
            "baselines that tell secrets of the machine",
            "baseline: x\nservice: user\nurl: http://169.254.169.254\n---\n"
                + "service: y\nbaseline: {url: 'http://100.100.100.200'}\n---\n"
                + "service: z\nbaseline: {url: 'http://metadata.google.internal'}\n---\n"
                + "service: s\nbaseline: {url: 'http://127.0.0.1:1'}\n---\n"
                + "service: t\nbaseline: {url: 'http://LOCALHOST'}\n"),
        // Targets
        Case(
            "targets that are forbidden always",
            "sandbox: x\nservices: {user: {target: 'http://localhost:8080'}, account: {target: 'http://169.254.169.254'}}\n"
        ),
        Case(
            "target that the policy does not name",
            "policy: p\nforbid: {literalTargetsNotIn: ['*.company.com']}\n---\n"
                + "sandbox: x\nservices: {user: {target: 'https://company.com'}}\n"),
        Case(
            "two policies",
            "policy: p\nforbid: {literalTargetsNotIn: [a.example]}\n---\npolicy: q\nforbid: {literalTargetsNotIn: []}\n"
        ),
        Case("targets of a policy", "policy: p\nforbid: {literalTargetsNotIn: ['*', 10.0.0.1/8, 'http://a']}\n"),
        Case("policies of later issues", "policy: p\nrequire: {owner: true}\nforbid: {privileged: true}\n"),
        Case(
            "policy that is broken", "policy: p\nforbd: {}\n---\nsandbox: x\nservices: {user: {target: 'http://a'}}\n"),
        // Addresses in variables
        Case(
            "address of nothing",
            "environment: e\nvariables: [{name: A, valueFrom: {route: {service: usr}}}, {name: B, valueFrom: {}}, "
                + "{name: C}, {name: D, value: a, valueFrom: {route: {service: user}}}]\n"),
        Case("address in a sandbox", "sandbox: x\nservices: {user: {env: [{name: A, valueFrom: {}}]}}\n"),
        Case(
            "address of what is nowhere",
            "environment: e\nvariables: [{name: A, valueFrom: {route: {service: cart}}}]\n---\n"
                + "service: cart\nimage: y\n---\nsandbox: x\nenvironmentRefs: [e]\nservices: {user: {}}\n"),
        Case(
            "address of what no gateway speaks to",
            "environment: e\nvariables: [{name: A, valueFrom: {route: {service: db}}}]\n---\n"
                + "service: db\nimage: y\nports: [{container: 5432, protocol: tcp}]\n---\n"
                + "sandbox: x\nenvironmentRefs: [e]\nservices: {user: {}, db: {}}\n"),
        Case(
            "gateway on another node",
            "gateway: g\nnode: n\nlisteners: [{name: in, selects: sourceNetwork}]\n---\nnode: n\n---\nnode: m\n---\n"
                + "environment: e\nvariables: [{name: A, valueFrom: {route: {service: user}}}]\n---\n"
                + "sandbox: x\nplacement: {node: m}\nenvironmentRefs: [e]\nservices: {account: {}}\n"),
    ]
}
