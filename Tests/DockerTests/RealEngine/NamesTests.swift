import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// What containers see of the names inside their sandbox.
@Suite(.serialized) struct NamesTests {
    private let uid = ResourceUID("u-1")

    /// Says over and over what each of these names leads to.
    private func resolver(_ bench: Bench) -> ContainerSpec {
        bench.spec(
            "sh", "-c",
            """
            while :; do for name in payment other localhost $(/bin/busybox hostname); do
            /bin/busybox ping -c1 -W5 $name 2>&1 | /bin/busybox head -n1; done; /bin/busybox sleep 0.2; done
            """)
    }

    private func names(_ bench: Bench, at number: UInt32?) throws -> SandboxNames {
        SandboxNames(
            sandbox: bench.sandbox, address: bench.address(number ?? 1),
            services: number == nil ? [] : [try ServiceName("payment")])
    }

    private func hosts(_ bench: Bench) -> String {
        SandboxNames.file(of: bench.sandbox, below: bench.engine.namesRoot)
    }

    /// Waits until a container says `line`, among the last that it wrote.
    private func says(_ bench: Bench, _ container: String, _ line: String) async throws {
        try await bench.eventually("\(container) says \(line)") {
            let output = try await bench.engine.condition(of: .planned(name: container)).lastOutput
            return output.split(separator: "\n").suffix(8).contains { $0.hasPrefix(line) }
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a running container sees names change at once, and finds everybody else as ever`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let engine = bench.engine
            var spec = resolver(bench)
            spec.mounts = [Mount(source: hosts(bench), target: "/etc/hosts", isReadOnly: true)]
            let account = try bench.draft("account", spec)
            let other = try bench.draft("other", bench.sleeper, at: 3)
            try await engine.createNetwork(bench.network, as: uid)
            try await engine.setNames(try names(bench, at: 1))
            for draft in [other, account] {
                try await engine.create(draft, secrets: [:], as: uid)
                try await engine.start(.planned(name: draft.name))
            }
            let survey = try await engine.survey(bench.sandbox)
            let seen = try #require(survey.containers.first { $0.name == account.name })
            #expect(seen.mounts == Set(spec.mounts))
            #expect(survey.names == [bench.sandbox: try names(bench, at: 1)])
            #expect(survey.namesRoot == engine.namesRoot)
            for line in [
                "PING payment (\(bench.address(1)))", "PING other (\(bench.address(3)))",
                "PING \(seen.id) (\(bench.address(2)))", "PING localhost (127.0.0.1)",
            ] {
                try await says(bench, account.name, line)
            }
            try await engine.setNames(try names(bench, at: 3))
            try await says(bench, account.name, "PING payment (\(bench.address(3)))")
            try await engine.setNames(try names(bench, at: nil))
            try await says(bench, account.name, "ping: bad address 'payment'")
            try await says(bench, account.name, "PING other (\(bench.address(3)))")
            #expect(try await engine.condition(of: seen.handle).restarts == 0)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `an editor's new file does not keep the names from those that run`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            var spec = resolver(bench)
            spec.mounts = [Mount(source: hosts(bench), target: "/etc/hosts", isReadOnly: true)]
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.setNames(try names(bench, at: 1))
            try await bench.engine.create(draft, secrets: [:], as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            try await says(bench, draft.name, "PING payment (\(bench.address(1)))")
            try "10.0.0.9 payment\n".write(toFile: hosts(bench), atomically: true, encoding: .utf8)
            let survey = try await bench.engine.survey(bench.sandbox)
            #expect(survey.names[bench.sandbox] != (try names(bench, at: 1)))
            #expect(survey.containers.map(\.mounts) == [Set(spec.mounts)], "its file is not lost")
            try await bench.engine.setNames(try names(bench, at: 2))
            try await says(bench, draft.name, "PING payment (\(bench.address(2)))")
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a container whose file of names was removed is seen to have none`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            var spec = bench.sleeper
            spec.mounts = [
                Mount(source: hosts(bench), target: "/etc/hosts", isReadOnly: true),
                Mount(source: "/tmp", target: "/src", isReadOnly: true),
            ]
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.setNames(try names(bench, at: 1))
            try await bench.engine.create(draft, secrets: [:], as: uid)
            #expect(try await bench.only().mounts == Set(spec.mounts))
            try await bench.engine.start(.planned(name: draft.name))
            #expect(try await bench.only().mounts == Set(spec.mounts))
            try await bench.engine.removeNames(bench.sandbox)
            #expect(try await bench.only().mounts == [spec.mounts[1]])
            try await bench.engine.setNames(try names(bench, at: 1))
            #expect(try await bench.only().mounts == [spec.mounts[1]])
            try await bench.stranger(.post, "/containers/\(draft.name)/restart?t=0")
            #expect(try await bench.only().mounts == Set(spec.mounts))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `the engine leaves the file alone, and a container that starts again has it again`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let engine = bench.engine
            var spec = resolver(bench)
            spec.mounts = [Mount(source: hosts(bench), target: "/etc/hosts", isReadOnly: true)]
            let draft = try bench.draft("account", spec)
            try await engine.createNetwork(bench.network, as: uid)
            try await engine.setNames(try names(bench, at: 1))
            let text = FileManager.default.contents(atPath: hosts(bench))
            try await engine.create(draft, secrets: [:], as: uid)
            try await engine.start(.planned(name: draft.name))
            try await says(bench, draft.name, "PING payment (\(bench.address(1)))")
            try await bench.stranger(.post, "/containers/\(draft.name)/restart?t=0")
            try await bench.stranger(.post, "/containers/\(draft.name)/rename?name=\(draft.name)-2")
            try await bench.stranger(.post, "/containers/\(draft.name)-2/rename?name=\(draft.name)")
            #expect(FileManager.default.contents(atPath: hosts(bench)) == text)
            try await engine.setNames(try names(bench, at: 2))
            try await says(bench, draft.name, "PING payment (\(bench.address(2)))")
            try await engine.remove(.planned(name: draft.name))
            #expect(try await engine.survey(bench.sandbox).names == [bench.sandbox: try names(bench, at: 2)])
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a container whose names are not there is not made, and nothing in their place`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            var spec = bench.sleeper
            spec.mounts = [Mount(source: hosts(bench), target: "/etc/hosts", isReadOnly: true)]
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            let error = try await failure { try await bench.engine.create(draft, secrets: [:], as: uid) }
            #expect(error.failure == .stale)
            #expect(!FileManager.default.fileExists(atPath: hosts(bench)))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `labels for programs beside us are set and observed, and not those of the image`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let engine = bench.engine
            try await engine.createNetwork(bench.network, as: uid)
            let base = try bench.draft("base", bench.sleeper, at: 9)
            try await engine.create(base, secrets: [:], as: uid)
            let image = "berth-test/\(bench.sandbox)"
            let changes = "LABEL%20traefik.enable=true%20traefik.image=its%20berth.labels=traefik.image"
            try await bench.stranger(
                .post, "/commit?container=\(base.name)&repo=\(image)&tag=1&changes=\(changes)", "{}")
            try await engine.remove(.planned(name: base.name))
            var spec = bench.sleeper
            spec.image = try #require(ImageReference("\(image):1"))
            let plain = try bench.draft("plain", spec, at: 2)
            spec.labels = [
                "traefik.enable": "false", "traefik.http.routers.a.rule": "Host(`a.qa.example.com`), \"x\"",
                "traefik.empty": "",
            ]
            let draft = try bench.draft("account", spec, at: 3)
            for draft in [plain, draft] { try await engine.create(draft, secrets: [:], as: uid) }
            let seen = try await engine.survey(bench.sandbox).containers.sorted { $0.name < $1.name }
            #expect(seen.map(\.labels) == [spec.labels, [:]])
            #expect(seen.allSatisfy { $0.ownership.mark != nil })
        }
    }

    @Test(arguments: ["berth.owner", "berth.anything", "", "a,b"])
    func `a label that would be taken for ours is refused`(name: String) async throws {
        try await Bench.run(on: .docker) { bench in
            var spec = bench.sleeper
            spec.labels = [name: "x"]
            let draft = try bench.draft("account", spec)
            let error = try await failure { try await bench.engine.create(draft, secrets: [:], as: uid) }
            #expect(error.failure == .refused)
            #expect(error.message == "\"\(name)\" cannot be a label: berth.… are Berth's own")
        }
    }
}
