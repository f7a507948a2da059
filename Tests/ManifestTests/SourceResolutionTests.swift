import Manifest
import Model
import TestSupport
import Testing

/// How repositories, recipes, branches and commits come together in a sandbox.
@Suite struct SourceResolutionTests {
    private static let sources = """
        apiVersion: berth.dev/v1
        kind: Repository
        metadata: {name: Account-Code}
        spec:
          url: ssh://git@bitbucket.internal/acc/account.git
          defaultBranch: develop
          subPath: services/account
          credentialRef: {provider: file, path: /etc/berth/keys/account, hostKey: "SHA256:\(MessageTests.hostKey)"}
        ---
        repository: plain
        path: /srv/AppGolang/plain
        ---
        apiVersion: berth.dev/v1
        kind: Service
        metadata: {name: cart}
        spec:
          repository: Account-Code
          recipe:
            type: hostBuild
            build: {command: [go, build, -o, app-account, ./...], env: {CGO_ENABLED: "0"}, timeout: 5m}
            run: {image: alpine:3.20, command: [/src/app-account], mounts: [{source: worktree, target: /src, readOnly: true}]}
        ---
        service: bare
        repository: plain
        recipe: {type: hostBuild, run: {image: "busybox:{branch}", mounts: [{source: worktree, target: /www}]}}
        ---
        service: shop
        repository: plain
        recipe: {type: dockerfile, path: deploy/Dockerfile, context: web, target: run, args: {V: 1}, timeout: 1h, command: [serve]}
        ---
        service: erangel
        repository: plain
        recipe: {type: phpGateway}
        ---
        """

    private func services(_ sandbox: String) throws -> [String: DesiredService] {
        let repository = Repository.with(Self.sources + "\n" + sandbox)
        #expect(repository.report == "")
        let desired = try #require(repository.resolution.sandboxes[SandboxName("x")])
        return Dictionary(uniqueKeysWithValues: desired.services.map { ($0.key.text, $0.value) })
    }

    private func code(_ name: String, in services: [String: DesiredService]) throws -> CodeRepository {
        try #require(services[name]?.making?.repository)
    }

    // MARK: Recipes

    @Test func hostBuildRunsTheFilesOfACommitInAnImage() throws {
        let services = try services("sandbox: x\nservices: {cart: {branch: feature/login-error}, bare: {}}\n")
        guard case .container(let spec, let branch, let making?) = services["cart"]?.use else {
            Issue.record("cart is not made of a commit")
            return
        }
        #expect(spec.image.text == "alpine:3.20" && spec.command == ["/src/app-account"] && spec.mounts.isEmpty)
        #expect(branch == "feature/login-error" && making.reference == "feature/login-error")
        let build = HostBuild(
            command: ["go", "build", "-o", "app-account", "./..."], environment: ["CGO_ENABLED": "0"],
            timeoutMillis: 300_000)
        #expect(making.recipe == .worktree(build: build, target: "/src"))
        #expect(
            making.repository
                == CodeRepository(
                    name: try RepositoryName("account-code"),
                    location: .url("ssh://git@bitbucket.internal/acc/account.git"), defaultBranch: "develop",
                    subPath: "services/account",
                    credential: CodeRepository.Credential(
                        secret: .file("/etc/berth/keys/account"), hostKey: "SHA256:\(MessageTests.hostKey)"),
                    place: Place(file: "a.yaml", line: 1, column: 1)))
        #expect(services["bare"]?.making?.recipe == .worktree(build: nil, target: "/www"))
        #expect(services["bare"]?.container?.image.text == "busybox:main")
        #expect(try code("bare", in: services).location == .folder("/srv/AppGolang/plain"))
    }

    @Test func dockerfileNamesItsImageOnlyOnceTheCommitIsKnown() throws {
        let services = try services("sandbox: x\nservices: {shop: {branch: y}}\n")
        #expect(services["shop"]?.container?.image.text == "berth.local/plain:pending")
        #expect(services["shop"]?.container?.command == ["serve"])
        let build = ImageBuild(
            dockerfile: "deploy/Dockerfile", context: "web", target: "run", arguments: ["V": "1"],
            timeoutMillis: 3_600_000)
        #expect(services["shop"]?.making?.recipe == .image(build))
    }

    @Test func phpGatewayInstallsWhatItCanAndIsSeenAtApp() throws {
        let services = try services("sandbox: x\nservices: {erangel: {}}\n")
        let composer = [
            "composer", "install", "--no-dev", "--no-interaction", "--no-progress", "--optimize-autoloader",
        ]
        #expect(services["erangel"]?.container?.image.text == "php:8.3-apache")
        #expect(services["erangel"]?.container?.command == nil)
        #expect(
            services["erangel"]?.making?.recipe
                == .worktree(build: HostBuild(command: composer, isOptional: true), target: "/app"))
    }

    @Test func imageOfTheSandboxReplacesTheOneThatRunsTheFiles() throws {
        let services = try services(
            "sandbox: x\nservices: {cart: {branch: A/b, image: 'go:{branch}'}, erangel: {image: php}}")
        #expect(services["cart"]?.container?.image.text == "go:a-b")
        #expect(services["erangel"]?.container?.image.text == "php")
        #expect(services["cart"]?.making != nil && services["erangel"]?.making != nil)
    }

    @Test func imagesAreMadeOfNoCommit() throws {
        let services = try services("sandbox: x\nservices: {account: {branch: y}}")
        #expect(services["account"]?.making == nil)
        #expect(services["account"]?.container?.image.text == "shop/account:y")
    }

    // MARK: Branches and commits

    private static let commit = MessageTests.commit
    private static let other = String(commit.reversed())

    /// What a sandbox says of `cart`, what a template says of it, what is followed, and what is told as the branch.
    @Test(arguments: [
        ("{}", "{}", "develop", "develop"),
        ("{branch: f}", "{}", "f", "f"),
        ("{commit: \(commit)}", "{}", commit, "develop"),
        ("{branch: f, commit: \(commit)}", "{}", commit, "f"),
        ("{branch: f, commit: \"\"}", "{}", "f", "f"),
        ("{use: sandbox}", "{branch: t, commit: \(commit)}", commit, "t"),
        ("{commit: \(other)}", "{branch: t, commit: \(commit)}", other, "t"),
        ("{commit: \(other)}", "{branch: t}", other, "t"),
        ("{branch: f}", "{branch: t, commit: \(commit)}", "f", "f"),
        ("{branch: f, commit: \(other)}", "{branch: t, commit: \(commit)}", other, "f"),
        ("{use: sandbox}", "{use: baseline}", "develop", "develop"),
        ("{env: {A: b}}", "{branch: t, commit: \(commit)}", commit, "t"),
    ])
    func followsTheCommitOrTheBranchThatIsNearest(
        sandbox: String, template: String, reference: String, branch: String
    ) throws {
        let baseline = "baseline: b\nservice: cart\nurl: http://cart.example.com\n---\n"
        let services = try services(
            "\(baseline)template: t\nservices: {cart: \(template)}\n---\nsandbox: x\ntemplate: t\n"
                + "services: {cart: \(sandbox)}\n")
        guard case .container(_, let told, let making?) = services["cart"]?.use else {
            Issue.record("cart is not made of a commit")
            return
        }
        #expect(making.reference == reference)
        #expect(told == branch)
    }

    @Test func baselineOfANearerTemplateForgetsTheCommit() throws {
        let services = try services(
            """
            baseline: b
            service: cart
            url: http://cart.example.com
            ---
            template: far
            services: {cart: {branch: t, commit: \(Self.commit)}}
            ---
            template: near
            sandbox: {template: far, services: {cart: {use: baseline}}}
            ---
            sandbox: x
            template: near
            services: {cart: {use: sandbox}}
            """)
        #expect(services["cart"]?.making?.reference == "develop")
    }

    @Test func parametersFillInBranchAndCommit() throws {
        let template = """
            template: t
            parameters: [{name: branch, default: main}, {name: commit, default: ""}]
            services: {cart: {branch: "feature/$(branch)", commit: $(commit)}}
            ---

            """
        let followed = try services(template + "sandbox: x\ntemplate: {name: t, parameters: {branch: a}}\n")
        #expect(followed["cart"]?.making?.reference == "feature/a")
        let pinned = try services(
            template + "sandbox: x\ntemplate: {name: t, parameters: {branch: a, commit: \(Self.commit)}}\n")
        #expect(pinned["cart"]?.making?.reference == Self.commit)
    }

    @Test func sandboxRunsWhereItsRepositoryIs() throws {
        let repository = Repository.with(
            """
            repository: here
            path: /srv/here
            node: a
            ---
            node: a
            builds: {width: 8}
            ---
            node: b
            ---
            service: cart
            repository: here
            recipe: {type: dockerfile}
            ---
            sandbox: x
            placement: {node: A}
            services: {cart: {}}
            """)
        #expect(repository.report == "")
        #expect(repository.resolution.sandboxes[try sandbox("x")]?.services[try service("cart")]?.making != nil)
        #expect(repository.resolution.nodes.mapValues(\.buildWidth) == [try NodeName("a"): 8, try NodeName("b"): 2])
    }

    @Test func serviceWhoseRepositoryIsBrokenCanStillBeBorrowed() throws {
        let repository = Repository.with(
            """
            repository: code
            path: /srv/code
            node: nowhere
            ---
            service: cart
            repository: code
            recipe: {type: dockerfile}
            baseline: {url: "http://cart.example.com"}
            ---
            sandbox: borrows
            services: {cart: {use: baseline}}
            ---
            sandbox: runs
            services: {cart: {}}
            """)
        let resolution = repository.resolution
        #expect(
            resolution.brokenObjects.keys.sorted().map(\.description) == [
                "repository code", "sandbox runs", "service cart",
            ])
        #expect(resolution.baselines[try service("cart")] != nil)
        #expect(resolution.sandboxes.keys.map(\.text) == ["borrows"])
        #expect(resolution.broken[try sandbox("runs")]?.code == "broken-reference")
    }
}
