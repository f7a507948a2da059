import AgentProtocol
import AgentService
import Model
import Reconciler
import TestSupport
import Testing

@Suite("What the owner of a machine allows its agent")
struct AgentPolicyTests {
    struct Case: CustomTestStringConvertible {
        let title: String
        let policy: AgentPolicy
        let action: Action
        /// What the objection says; `nil` for none.
        let says: String?
        var testDescription: String { title }
    }

    static let listed = AgentPolicy(repositories: [Sample.name("account"): "/srv/account.git"])

    static func piece(
        _ location: CodeRepository.Location = .folder("/srv/account.git"), name: String = "account",
        by recipe: Recipe = .worktree(build: nil, target: "/src")
    ) -> Workpiece {
        let place = Place(file: "r.yaml", line: 1, column: 1)
        return Workpiece(
            repository: CodeRepository(name: Sample.name(name), location: location, place: place), reference: "main",
            commit: Sample.commit("a"), recipe: recipe)
    }

    static let hostBuild = Recipe.worktree(build: HostBuild(command: ["make"]), target: "/src")

    static func create(_ published: [UInt16: UInt16]) -> Action {
        .create(
            ContainerDraft(
                name: "c", sandbox: Sample.name("qa"), service: Sample.name("account"), spec: Sample.spec("a:1"),
                digest: Digest(of: "a"), network: "n", address: "10.0.0.2", published: published))
    }

    @Test(arguments: [
        Case(title: "without a list any folder", policy: AgentPolicy(), action: .fetch(piece()), says: nil),
        Case(title: "a listed folder", policy: listed, action: .fetch(piece()), says: nil),
        Case(
            title: "a listed folder, spelt otherwise", policy: listed,
            action: .fetch(piece(.folder("/srv//account.git/"))), says: nil),
        Case(title: "an address", policy: listed, action: .fetch(piece(.url("https://git.example/a"))), says: nil),
        Case(
            title: "another folder under a listed name", policy: listed, action: .checkout(piece(.folder("/etc"))),
            says: "this node may not read /etc: its agent's configuration has account at /srv/account.git "
                + "(repositories)"),
        Case(
            title: "a way out of a listed folder", policy: listed,
            action: .fetch(piece(.folder("/srv/account.git/../../etc"))),
            says: "this node may not read /srv/account.git/../../etc: its agent's configuration has account at "
                + "/srv/account.git (repositories)"),
        Case(
            title: "a name that is not listed", policy: listed, action: .build(piece(name: "payment")),
            says: "this node may not read /srv/account.git: its agent's configuration lists no repository payment "
                + "(repositories)"),
        Case(
            title: "a folder spelt as an address", policy: listed, action: .fetch(piece(.url("FILE:///etc/passwd"))),
            says: "this node may not read /etc/passwd: its agent's configuration has account at /srv/account.git "
                + "(repositories)"),
        Case(
            title: "a command of a build", policy: AgentPolicy(allowHostBuilds: false),
            action: .build(piece(by: hostBuild)),
            says: "this node runs no commands of builds (allowHostBuilds: false in its agent's configuration); build "
                + "with a Dockerfile, or place the sandbox on another node"),
        Case(
            title: "a Dockerfile where commands are not allowed", policy: AgentPolicy(allowHostBuilds: false),
            action: .build(piece(by: .image(ImageBuild()))), says: nil),
        Case(
            title: "a port of the range", policy: AgentPolicy(ports: 9000...9100), action: create([8080: 9100]),
            says: nil),
        Case(
            title: "a port outside", policy: AgentPolicy(ports: 9000...9100), action: create([8080: 9100, 22: 22]),
            says: "port 22 may not be published on this node: its agent's configuration allows 9000 to 9100 (ports)"),
        Case(title: "what publishes nothing", policy: AgentPolicy(ports: 9000...9100), action: create([:]), says: nil),
    ])
    func objects(_ example: Case) {
        let objection = example.policy.objection(to: example.action)
        #expect(objection?.message == example.says)
        if let objection {
            #expect(objection.failure == .refused)
            #expect(objection.operation == "\(example.action)")
        }
    }

    static let confined = listed.confined(to: ["/data/sources", "/data/names/"])

    static func mount(_ source: String) -> Action {
        var spec = Sample.spec("a:1")
        spec.mounts = [
            Mount(source: "/data/names/qa", target: "/etc/hosts", isReadOnly: true),
            Mount(source: source, target: "/src", isReadOnly: true),
        ]
        return .create(
            ContainerDraft(
                name: "c", sandbox: Sample.name("qa"), service: Sample.name("account"), spec: spec,
                digest: Digest(of: "a"), network: "n", address: "10.0.0.2", published: [:]))
    }

    @Test(
        "Where an agent's configuration lists repositories, containers see its own folders and no others of the node",
        arguments: [
            ("/data/sources/pieces/account-1/tree", true), ("/data//sources/./x", true), ("/data/names/qa", true),
            ("/etc", false), ("/", false), ("", false), ("/data", false), ("/data/sources", false),
            ("/data/secrets", false), ("/data/sources-2/x", false), ("/data/sources/../secrets", false),
            ("data/sources/x", false), ("/srv/account.git", false),
        ])
    func mounts(source: String, isAllowed: Bool) {
        let objection = Self.confined.objection(to: Self.mount(source))
        #expect(
            objection?.message
                == (isAllowed
                    ? nil
                    : "containers of this node may not see \(source): its agent's configuration lists what may be read "
                        + "(repositories), and only what is made of that is mounted"))
        #expect(objection?.failure == (isAllowed ? nil : .refused))
        #expect(AgentPolicy().confined(to: ["/data/sources"]).objection(to: Self.mount(source)) == nil)
        #expect(Self.listed.objection(to: Self.mount(source)) == nil)
    }

    @Test(
        "An address that git takes for a folder is one",
        arguments: [
            ("srv/account.git", "srv/account.git"), ("../etc", "../etc"), ("host:path", "host:path"),
            ("./a@b:c", "./a@b:c"), ("@b:c", "@b:c"), ("file:/etc", "file:/etc"), ("file://box/etc", "/etc"),
            ("git@git.example:a.git", nil), ("ssh://git.example/a", nil), ("file://box/srv/account.git", nil),
        ] as [(String, String?)])
    func folders(url: String, folder: String?) {
        #expect(
            Self.listed.objection(to: .fetch(Self.piece(.url(url))))?.message
                == folder.map {
                    "this node may not read \($0): its agent's configuration has account at /srv/account.git "
                        + "(repositories)"
                })
    }

    @Test("One container more than allowed is refused, with both numbers")
    func containers() {
        let policy = AgentPolicy(mostContainers: 3)
        #expect(policy.objection(to: Self.create([:]), beside: 2) == nil)
        #expect(
            policy.objection(to: Self.create([:]), beside: 3)?.message
                == "this node has 3 containers of ours and may have 3 (limits.containers in its agent's configuration)")
        #expect(policy.objection(to: .stop(.planned(name: "a")), beside: 9) == nil)
    }

    @Test("A question is answered without reading what may not be read, and says why")
    func question() {
        let good = Making(repository: Self.piece().repository, reference: "main", recipe: .image(ImageBuild()))
        let bad = Making(
            repository: Self.piece(.folder("/etc"), name: "etc").repository, reference: "main",
            recipe: .image(ImageBuild()))
        let admitted = Self.listed.admitted(Inquiry(makings: [good, bad]))
        #expect(admitted.inquiry.makings == [good])
        let sentence = "this node may not read /etc: its agent's configuration lists no repository etc (repositories)"
        #expect(admitted.refused == [bad.code: .unreachable(sentence)])
    }

    @Test("An agent does not do what its owner forbids, and enters nothing of it")
    func refuses() {
        let file = OrderLogFile()
        let isDone = Scene.play(policy: AgentPolicy(ports: 9000...9100), file: file) { scene in
            let call = await scene.session()
            await call.say(.perform(call.order(1, Self.create([80: 80]))))
            #expect(await call.next()?.error?.failure == .refused)
            #expect(file.entries.isEmpty)
            #expect(scene.node.begun.isEmpty)
        }
        #expect(isDone)
    }

    @Test("A node that is full takes no container more, however many are asked for at once")
    func full() {
        let isDone = Scene.play(policy: AgentPolicy(mostContainers: 3)) { scene in
            let call = await scene.session()
            await call.perform(1, "a")
            while await call.next()?.outcome == nil {}
            for number in 2...5 as ClosedRange<UInt64> {
                await call.say(.perform(call.order(number, Self.create([:]))))
            }
            var outcomes: [Outcome] = []
            while outcomes.count < 4, let frame = await call.next() { outcomes += [frame.outcome].compactMap(\.self) }
            #expect(outcomes.count { if case .done = $0 { true } else { false } } == 2)
        }
        #expect(isDone)
    }
}
