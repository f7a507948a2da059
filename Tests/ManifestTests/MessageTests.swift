import Manifest
import Model
import TestSupport
import Testing

/// Every message as its reader sees it. Each case is a file beside a catalogue of account, payment and user.
@Suite struct MessageTests {
    struct Case: Sendable {
        let name: String
        let files: [String: String]

        init(_ name: String, _ text: String, and files: [String: String] = [:]) {
            self.name = name
            self.files = files.merging(["a.yaml": text]) { first, _ in first }
        }
    }

    @Test func syntaxProblemsNamePlaceAndRemedy() throws { try check(Self.syntax, "syntax") }
    @Test func shapeProblemsNamePlaceAndRemedy() throws { try check(Self.shapes, "shapes") }
    @Test func sourceProblemsNamePlaceAndRemedy() throws { try check(Self.sources, "sources") }
    @Test func resolutionProblemsNamePlaceAndRemedy() throws { try check(Self.resolution, "resolution") }

    @Test func gatewayProblemsNamePlaceAndRemedy() throws { try check(Self.gateways, "gateways") }
    @Test func routeProblemsNamePlaceAndRemedy() throws { try check(Self.routes, "routes") }
    @Test func placementProblemsNamePlaceAndRemedy() throws { try check(Self.placement, "placement") }

    private func check(_ cases: [Case], _ golden: String) throws {
        var text = ""
        for each in cases {
            var repository = Repository.with("")
            repository.files.merge(each.files) { $1 }
            let report = repository.report
            #expect(!report.isEmpty, "\(each.name) has no problem")
            text += "# \(each.name)\n\(report)\n\n"
        }
        try expectGolden(text, "messages-\(golden)")
    }

    private static let syntax: [Case] = [
        Case("tab before a key", "sandbox: x\nservices:\n\taccount: {}\n"),
        Case("tab after spaces", "sandbox: x\nservices:\n  account:\n  \tbranch: y\n"),
        Case("duplicate key", "sandbox: x\nowner: a\nservices: {}\nowner: b\n"),
        Case("merge key", "sandbox: x\nservices:\n  account: &a {branch: y}\n  payment:\n    <<: *a\n"),
        Case("tag", "sandbox: !!str x\n"),
        Case("key that is a list", "sandbox: x\n? [a]\n: b\n"),
        Case("unknown alias", "sandbox: x\nowner: *nobody\n"),
        Case("alias inside itself", "sandbox: x\nservices: &a {account: *a}\n"),
        Case("open list", "service: x\ncommand: [a, b\nimage: y\n"),
        Case("open mapping", "sandbox: {a: b\n"),
        Case("open quote", "sandbox: \"x\n"),
        Case("two colons", "sandbox: x: y\n"),
        Case("wrong indentation", "sandbox: x\nservices:\n   account: {}\n  payment: {}\n"),
        Case("no colon", "sandbox: x\nservices\n"),
        Case("at sign", "sandbox: x\nowner: @achmad\n"),
        Case("control character", "sandbox: x\nowner: a\u{1}b\n"),
        Case("bad escape", "sandbox: \"\\q\"\n"),
        Case("text after the document", "{sandbox: x}\nowner: y\n"),
        Case("list beside a key", "service: x\ncommand: - a\n"),
        Case("undeclared tag handle", "sandbox: !x!y z\n"),
    ]

    private static let shapes: [Case] = [
        Case("unknown kind", "sandbxo: x\n"),
        Case("later kind", "quota: x\n"),
        Case("kind not first", "owner: x\nsandbox: y\n"),
        Case("nothing of ours", "version: 3\nweb: {}\n"),
        Case("a list", "- a\n"),
        Case("unknown long kind", "apiVersion: berth.dev/v1\nkind: Sandbx\nmetadata: {name: x}\n"),
        Case("unknown version", "apiVersion: berth.dev/v2\nkind: Sandbox\nmetadata: {name: x}\n"),
        Case("no name", "apiVersion: berth.dev/v1\nkind: Sandbox\nmetadata: {}\n"),
        Case("empty name", "sandbox:\nservices: {}\n"),
        Case("name without letters", "sandbox: \"--\"\n"),
        Case("misspelt keys", "service: x\nimgae: y\nhelth: {}\n"),
        Case("key of a later issue", "service: x\nimage: y\nhooks: {}\n"),
        Case("missing keys", "baseline: x\n"),
        Case("wrong types", "service: x\nimage: [y]\nports: 80\nhealth: yes\nresources: [1]\n"),
        Case("empty value", "service: x\nimage:\n"),
        Case("ports", "service: x\nimage: y\nports: [{container: 0}, {container: 014}, {container: \"80\"}]\n"),
        Case(
            "two default ports", "service: x\nports: [{container: 1, default: true}, {container: 2, default: true}]\n"),
        Case("twice the same port", "service: x\nports: [{container: 1}, {name: b, container: 1}]\n"),
        Case("default tcp port", "service: x\nports: [{container: 1, protocol: tcp, default: true}]\n"),
        Case("protocol", "service: x\nports: [{container: 1, protocol: htp}]\n"),
        Case("boolean", "node: x\noffline: no\ncordoned: \"true\"\n"),
        Case("units", "service: x\nresources: {cpu: lots, memory: 512M, pids: 0}\nhealth: {tcp: {}, interval: 10}\n"),
        Case("out of range", "service: x\nresources: {cpu: 0m, memory: 1Ki}\nhealth: {tcp: {}, timeout: 1d}\n"),
        Case("image", "service: x\nimage: Shop/Account:{tag}\n"),
        Case("image in upper case", "service: x\nimage: Shop/account\n"),
        Case("recipe and image", "service: x\nimage: y\nrecipe: {type: image, image: z}\n"),
        Case("command without image", "service: x\ncommand: [run]\n"),
        Case("two probes", "service: x\nhealth: {tcp: {}, command: [x]}\n"),
        Case("probe of no port", "service: x\nports: [{name: web, container: 1}]\nhealth: {http: {port: wbe}}\n"),
        Case("baseline", "service: x\nbaseline: {}\n"),
        Case("address", "baseline: x\nservice: account\nurl: account.company.com/v1\n"),
        Case(
            "variables", "environment: x\nvariables: [{name: 1A, value: x}, {name: A, value: 1}, {name: A, value: 2}]\n"
        ),
        Case("secret", "environment: x\nsecrets: [{name: A, secretRef: {provider: file, name: B}}]\n"),
        Case("files", "environment: x\nfiles: [{path: etc/a, content: b}, {path: /a}, {path: /b/../c, content: d}]\n"),
        Case("file sources", "environment: x\nfiles: [{path: /a, contentFrom: ../b}, {path: /c, contentFrom: /d}]\n"),
        Case("file mode", "environment: x\nfiles: [{path: /a, content: b, mode: 999}]\n"),
        Case("use and branch", "sandbox: x\nservices: {account: {use: baseline, branch: y}}\n"),
        Case("target and use", "sandbox: x\nservices: {account: {target: 'http://a', use: sandbox}}\n"),
        Case("use and use_ocp", "sandbox: x\nservices: {account: {use: sandbox, use_ocp: true}}\n"),
        Case("container keys on a baseline", "sandbox: x\nservices: {account: {use: baseline, env: {A: b}}}\n"),
        Case("branch", "sandbox: x\nservices: {account: {branch: 'a b'}}\n"),
        Case("port request", "sandbox: x\ngateway: {port: any}\nservices: {account: {port: 70000}}\n"),
        Case(
            "listeners",
            "gateway: x\nlisteners: [{name: a}, {name: b, from: 9, to: 8}, {name: c, port: 1, selects: sandbox}]\n"),
        Case("port inside the range", "gateway: x\nlisteners: [{name: a, from: 1, to: 9}, {name: b, port: 5}]\n"),
        Case("driver", "gateway: x\ndriver: traefik\nlisteners: [{name: a, port: 5}]\n"),
        Case("selection", "gateway: x\nlisteners: [{name: a, port: 5}]\nselection: [{type: port, name: y}]\n"),
        Case("subnets", "node: x\nsubnetPool: {cidr: 10.0.0.1/8}\n"),
        Case("small subnets", "node: x\nsubnetPool: {cidr: 10.0.0.0/29}\n"),
        Case("pool", "node: x\nportPools: [{name: a, from: 2, to: 1}]\ntype: A\ntypes: []\n"),
        Case("parameters", "template: x\nparameters: [{name: a b}, {name: c, type: integer, default: d}]\n"),
        Case("unknown parameter", "template: x\nparameters: [{name: own}]\nowner: $(owm)\nplacement: {node: $(owm)}\n"),
        Case("malformed parameter", "template: x\nplacement: {node: $(own}\n"),
        Case("sandbox and keys beside it", "template: x\nsandbox: {}\nservices: {}\n"),
    ]

    private static let resolution: [Case] = [
        Case("service of no catalogue", "sandbox: x\nservices: {acount: {branch: y}}\n"),
        Case(
            "unknown references", "sandbox: x\ntemplate: y\n",
            and: ["b.yaml": "sandbox: z\nenvironmentRefs: [e]\ngateway: g\nplacement: {node: n}\n"]),
        Case(
            "reference to something broken", "sandbox: x\nservices: {cart: {}}\n",
            and: ["b.yaml": "service: cart\nimgae: y\n"]),
        Case(
            "no baseline", "sandbox: x\nservices: {cart: {use: baseline}}\n",
            and: ["b.yaml": "service: cart\nimage: y\n"]),
        Case("no image", "sandbox: x\nservices: {cart: {}}\n", and: ["b.yaml": "service: cart\n"]),
        Case("duplicate name", "sandbox: x\n", and: ["b.yaml": "sandbox: x\n"]),
        Case("names that become one", "sandbox: QA_Login\n", and: ["b.yaml": "sandbox: qa-login\n"]),
        Case("services that become one", "sandbox: x\nservices: {Account: {}, account: {}}\n"),
        Case(
            "containers that become one", "sandbox: a-b\nservices: {account: {}}\n",
            and: ["b.yaml": "sandbox: a\nservices: {b-account: {}}\n", "c.yaml": "service: b-account\nimage: y\n"]),
        Case(
            "template circle", "template: a\nsandbox: {template: b}\n",
            and: [
                "b.yaml": "template: b\nsandbox: {template: c}\n", "c.yaml": "template: c\nsandbox: {template: a}\n",
                "d.yaml": "sandbox: x\ntemplate: c\n",
            ]),
        Case(
            "environment circle", "environment: a\nextends: [b]\n",
            and: [
                "b.yaml": "environment: b\nextends: [a]\n",
                "c.yaml": "sandbox: x\nenvironmentRefs: [a]\nservices: {account: {}}\n",
            ]),
        Case(
            "parameters",
            "template: t\nparameters: [{name: p, type: integer}, {name: q, default: x}]\ngateway: {port: $(p)}\n",
            and: [
                "b.yaml": "sandbox: x\ntemplate: t\n",
                "c.yaml": "sandbox: y\ntemplate: {name: t, parameters: {p: high, qq: 1}}\n",
                "d.yaml": "sandbox: z\ntemplate: {name: t, parameters: {p: 0}}\n",
            ]),
        Case("template of unknown services", "template: t\nservices: {acount: {}}\n"),
        Case("several nodes", "node: a\n---\nnode: b\n---\ngateway: x\nlisteners: [{name: a, port: 1}]\n"),
        Case(
            "several gateways",
            "gateway: a\nlisteners: [{name: a, port: 1}]\n---\ngateway: b\nlisteners: [{name: a, port: 2}]\n---\nsandbox: x\n"
        ),
        Case(
            "gateways on one port",
            "gateway: a\nlisteners: [{name: a, from: 1, to: 9}]\n---\ngateway: b\nlisteners: [{name: a, port: 2}]\n"),
        Case("port without a gateway", "sandbox: x\ngateway: {port: 1}\n"),
        Case(
            "port outside the range",
            "gateway: g\nlisteners: [{name: a, from: 10, to: 19}]\n---\nsandbox: x\ngateway: {port: 9}\n"),
        Case(
            "port of a gateway without a range",
            "gateway: g\nlisteners: [{name: a, port: 19}]\n---\nsandbox: x\ngateway: {port: 9}\n"),
        Case(
            "one port for two",
            "gateway: g\nlisteners: [{name: a, from: 10, to: 19}]\n---\nsandbox: x\ngateway: {port: 11}\n---\nsandbox: y\ngateway: {port: 11}\n"
        ),
        Case(
            "one published port for two",
            "sandbox: x\nservices: {account: {port: 99}}\n---\nsandbox: y\nservices: {user: {port: 99}}\n"),
        Case("one published port twice", "sandbox: x\nservices: {account: {port: 99}, user: {port: 99}}\n"),
        Case(
            "limits above the total",
            "sandbox: x\nresources: {cpu: \"1\", memory: 1Gi}\nservices: {account: {}, payment: {}, user: {}}\n"),
        Case(
            "gateway branch",
            "gateway: g\nlisteners: [{name: a, port: 1}]\n---\nsandbox: x\ngateway: {branch: develop}\n"),
        Case(
            "baseline of another service",
            "baseline: b\nservice: user\nurl: http://a\n---\nservice: cart\nimage: x\nbaseline: b\n"),
        Case("baseline of no service", "baseline: b\nservice: usr\nurl: http://a\n"),
        Case(
            "two baselines",
            "service: cart\nimage: x\n---\nbaseline: a\nservice: cart\nurl: http://a\n---\nbaseline: b\nservice: cart\nurl: http://b\n"
        ),
        Case("file of nothing", "environment: e\nfiles: [{path: /a, contentFrom: files/a.ini}]\n"),
        Case(
            "no effect yet",
            "node: n\nportPools: [{name: a, from: 1, to: 2}, {name: b, from: 3, to: 4}]\n"),
    ]
}
