import Manifest
import Model
import TestSupport
import Testing

@Suite struct ResolutionTests {
    private func container(_ name: String, in text: String, of sandbox: String = "x") throws -> ContainerSpec {
        let repository = Repository.with(text)
        #expect(repository.report == "")
        return try #require(repository.resolution.sandboxes[SandboxName(sandbox)]?.services[service(name)]?.container)
    }

    @Test func nearerEnvironmentsWin() throws {
        let spec = try container(
            "cart",
            in: """
                environment: root
                variables: [{name: A, value: root}, {name: R, value: 014}]
                ---
                environment: s
                extends: [root]
                variables: [{name: A, value: s}, {name: B, value: s}, {name: C, value: s}, {name: D, value: s}]
                ---
                environment: box
                variables: [{name: B, value: box}, {name: C, value: box}, {name: D, value: box}]
                ---
                environment: near
                variables: [{name: C, value: near}, {name: D, value: near}]
                secrets: [{name: S, secretRef: {provider: env, name: TOKEN}}]
                ---
                {"service": "cart", "image": "cart", "environmentRefs": ["s"]}
                ---
                sandbox: x
                environmentRefs: [box]
                services: {cart: {environmentRefs: [near], env: {D: no}}}
                """)
        #expect(
            spec.environment == [
                "A": .plain("s"), "B": .plain("box"), "C": .plain("near"), "D": .plain("no"), "R": .plain("014"),
                "S": .secret(.environment("TOKEN")),
            ])
    }

    @Test func sandboxStandsOverItsTemplatesServiceByService() throws {
        let text = """
            template: far
            parameters: [{name: branch}, {name: money, default: $$5}]
            sandbox:
              services:
                account: {branch: $(branch), env: {A: "$$(x) $(money)", B: far}, resources: {cpu: 100m, memory: 64Mi}}
                payment: {use: baseline}
                user: {branch: develop}
            ---
            template: near
            sandbox: {template: {name: far, parameters: {branch: feature/X}}, services: {account: {env: {B: near}}}}
            ---
            sandbox: x
            template: near
            services: {account: {resources: {cpu: 200m}}, payment: {branch: pay}, user: {use: sandbox}}
            """
        let account = try container("account", in: text)
        #expect(account.image.text == "shop/account:feature-x")
        #expect(account.environment == ["A": .plain("$(x) $$5"), "B": .plain("near")])
        #expect(account.limits == Limits(cpuMillis: 200, memoryBytes: 64 << 20, pids: 512))
        #expect(try container("payment", in: text).image.text == "shop/payment:pay")
        #expect(try container("user", in: text).image.text == "shop/user:develop")
    }

    @Test func serviceOfNoChoiceIsAContainerOfMain() throws {
        #expect(try container("user", in: "sandbox: x\nservices:\n  user:\n").image.text == "shop/user:main")
    }

    @Test func parametersCanBeNumbers() throws {
        let repository = Repository.with(
            """
            gateway: g
            listeners: [{name: a, from: 10, to: 20}]
            ---
            template: t
            parameters: [{name: port, type: integer, default: 11}]
            gateway: {port: "$(port)"}
            ---
            sandbox: x
            template: {name: t, parameters: {port: 12}}
            ---
            sandbox: y
            template: t
            """)
        #expect(repository.report == "")
        #expect(repository.resolution.sandboxes[try sandbox("x")]?.listener == .fixed(12))
        #expect(repository.resolution.sandboxes[try sandbox("y")]?.listener == .fixed(11))
    }

    @Test func longAndShortFormMeanTheSame() throws {
        let short = "sandbox: X\nowner: o\nlifecycle: {state: Suspended}\nservices: {user: {target: 'https://a:8'}}"
        let long = """
            {"apiVersion": "berth.dev/v1", "kind": "Sandbox", "metadata": {"name": "X", "owner": "o"},
             "spec": {"lifecycle": {"state": "Suspended"}, "services": {"user": {"target": "https://a:8"}}}}
            """
        let one = try #require(Repository.with(short).resolution.sandboxes[sandbox("x")])
        let other = try #require(Repository.with(long).resolution.sandboxes[sandbox("x")])
        #expect(one.title == "X" && one.owner == "o" && one.state == .suspended)
        #expect(one.services.mapValues(\.use) == other.services.mapValues(\.use))
        #expect((one.title, one.owner, one.state) == (other.title, other.owner, other.state))
        #expect(one.place == Place(file: "a.yaml", line: 1, column: 1))
        #expect(other.services[try service("user")]?.place == Place(file: "a.yaml", line: 2, column: 61))
    }

    @Test func filesComeFromTheRepository() throws {
        var repository = Repository.with(
            """
            environment: e
            files:
            - {path: /etc/a.ini, contentFrom: files/a.ini, mode: "0440"}
            - {path: /etc/key, secretRef: {provider: file, path: /run/key}}
            ---
            sandbox: x
            environmentRefs: [e]
            services: {user: {}}
            """)
        #expect(Set(repository.parsed.flatMap(\.objects).flatMap(\.contentPaths)) == ["files/a.ini"])
        repository.contents = ["files/a.ini": Array("a=1".utf8)]
        let spec = repository.resolution.sandboxes[try sandbox("x")]?.services[try service("user")]?.container
        #expect(
            spec?.files == [
                FileSpec(path: "/etc/a.ini", content: .text("a=1"), mode: 0o440),
                FileSpec(path: "/etc/key", content: .secret(.file("/run/key")), mode: 0o444),
            ])
    }

    @Test func brokenManifestHurtsOnlyItself() throws {
        let repository = Repository.with(
            "sandbox: good\nservices: {user: {use: baseline}}\n---\nsandbox: bad\nservces: {}\n---\nsandbox: worse\n"
                + "services: {usr: {}}\n")
        let file = repository.parsed.first { $0.path == "a.yaml" }
        #expect(file?.isReadable == true)
        #expect(file?.broken.keys.map(\.description) == ["sandbox bad"])
        #expect(repository.resolution.sandboxes.keys.map(\.text) == ["good"])
        #expect(repository.resolution.broken.keys.map(\.text) == ["worse"])
    }

    @Test(arguments: 0..<20) func orderOfManifestsDoesNotMatter(seed: UInt64) throws {
        let texts = [
            Repository.catalogue, Repository.samples,
            "sandbox: a-b\nservices: {account: {port: 99}}\n---\nsandbox: A\nservices: {b-account: {}}\n",
            "service: b-account\nimage: y\n---\nsandbox: a\n---\nsandbox: z\nservices: {user: {port: 99}, cart: {}}\n",
            "repository: r\npath: /srv/r\n---\nrepository: R\npath: /srv/s\nnode: nowhere\n---\nservice: s\nrepository: r\n"
                + "recipe: {type: phpGateway}\n---\nsandbox: w\nservices: {s: {commit: 1}}\n",
            "gateway: g\nlisteners: [{name: a, port: 1}]\n---\nroute: a\nrules: [{service: user}, {service: usr}]\n---\n"
                + "deployment: a\ndomain: a\nservice: user\n---\ndeployment: b\ndomain: a\nservice: user\n---\n"
                + "sandbox: r\nroutes: {b: {rules: [{service: user}]}, a: {rules: [{service: user}]}}\n",
            "route: b\nsandboxes: [r]\nrules: [{service: user}]\n---\npolicy: b\nforbid: {literalTargetsNotIn: [a]}\n---\n"
                + "policy: a\nforbid: {literalTargetsNotIn: [b]}\n",
            "template: qa-default\n---\nenvironment: e\nextends: [f]\n---\nenvironment: f\nextends: [e]\n",
        ]
        let files = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ("\($0.offset).yaml", $0.element) })
        let objects = Repository(files).parsed.flatMap(\.objects)
        let expected = Catalogue(objects: objects).resolve()
        var random = SplitMix64(seed: seed)
        let actual = Catalogue(objects: objects.shuffled(using: &random)).resolve()
        #expect(!expected.problems.isEmpty)
        #expect(actual.problems == expected.problems)
        #expect(actual.sandboxes == expected.sandboxes)
        #expect(actual.broken == expected.broken)
        #expect(actual.brokenObjects == expected.brokenObjects)
        #expect(actual.routes == expected.routes)
        #expect(actual.routes.count == 3)
        #expect(actual.targetPolicy == expected.targetPolicy)
    }

    @Test(arguments: [
        ("a.yaml", true), ("x/y.yml", true), ("a.json", true), ("README.md", false), (".ci/a.yaml", false),
        ("a/.b/c.yaml", false), (".berth.yaml", false), ("yaml", false),
    ]) func manifestsAreYAMLAndJSONThatIsNotHidden(path: String, isManifest: Bool) {
        #expect(ParsedFile.isManifest(path: path) == isManifest)
    }
}
