import Foundation
import Model
import Reconciler
import TestSupport
import Testing

@testable import Docker

/// What the real engine does not do, and what we say then.
@Suite(.serialized) struct RefusalTests {
    private let uid = ResourceUID("u-1")

    @Test(arguments: Runtime.allCases)
    func `a name that a stranger holds is stale, named, and seen`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let draft = try bench.draft("account", bench.sleeper)
            try await bench.stranger(
                .post, "/containers/create?name=\(draft.name)",
                #"{"Image":"\#(bench.image)","Cmd":["/bin/busybox"],"Labels":{"berth.owner":"elsewhere"}}"#)
            try await bench.stranger(.post, "/networks/create", #"{"Name":"\#(bench.network.name)"}"#)

            let survey = try await bench.engine.survey(bench.sandbox)
            #expect(survey.containers.map(\.ownership) == [.theirs(InstallationID("elsewhere"))])
            #expect(survey.containers.map(\.name) == [draft.name])
            #expect(survey.network(bench.network.name)?.ownership == .foreign)
            let networkError = try await failure { try await bench.engine.createNetwork(bench.network, as: uid) }
            #expect(networkError.failure == .stale)
            #expect(networkError.message.contains("which is not Berth's: remove it"))
            let error = try await failure { try await bench.engine.create(draft, secrets: [:], as: uid) }
            #expect(error.failure == .stale)
            #expect(error.description.hasPrefix("create \(draft.name): the name is held by "))
            #expect(error.description.hasSuffix("of installation elsewhere"))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `our own container of another digest or uid is not taken for the new one`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let draft = try bench.draft("account", bench.sleeper)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            let changed = try bench.draft("account", bench.sleeper, digest: "d2")
            let error = try await failure { try await bench.engine.create(changed, secrets: [:], as: uid) }
            #expect(error.failure == .stale)
            #expect(error.message.contains("our own"))
            let other = ResourceUID("u-2")
            #expect(
                try await failure { try await bench.engine.create(draft, secrets: [:], as: other) }.failure == .stale)
            let network = try await failure { try await bench.engine.createNetwork(bench.network, as: other) }
            #expect(network.failure == .stale)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a taken port and a taken address are refused by name`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let port = UInt16.random(in: 21000...29000)
            try await bench.engine.createNetwork(bench.network, as: uid)
            let first = try bench.draft("one", bench.sleeper, at: 2, published: [80: port])
            let second = try bench.draft("two", bench.sleeper, at: 3, published: [80: port])
            let third = try bench.draft("three", bench.sleeper, at: 2)
            for draft in [first, second, third] {
                try await bench.engine.create(draft, secrets: [:], as: ResourceUID(draft.name))
            }
            try await bench.engine.start(.planned(name: first.name))
            let taken = try await failure { try await bench.engine.start(.planned(name: second.name)) }
            #expect(taken.failure == .refused)
            #expect(taken.message.hasPrefix("port \(port) is taken by something else"))
            let address = try await failure { try await bench.engine.start(.planned(name: third.name)) }
            #expect(address.failure == .refused)
            #expect(address.message.contains("is taken by something else"))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `an image that is not there is refused with the remedy`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            try await bench.engine.createNetwork(bench.network, as: uid)
            var spec = bench.sleeper
            spec.image = try #require(ImageReference("berth-test/absent:1"))
            let draft = try bench.draft("account", spec)
            let error = try await failure { try await bench.engine.create(draft, secrets: [:], as: uid) }
            #expect(error.failure == .refused)
            #expect(error.message.hasPrefix("image berth-test/absent:1 is not on this node: load it"))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a command that does not exist is refused, and asking again is too`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            var spec = bench.sleeper
            spec.command = ["/bin/absent"]
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            for _ in 1...2 {
                let error = try await failure { try await bench.engine.start(.planned(name: draft.name)) }
                #expect(error.failure == .refused)
                #expect(error.message.contains("/bin/absent"))
            }
        }
    }

    @Test(arguments: Runtime.allCases)
    func `an overlapping subnet is refused, naming whose it is`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            try await bench.engine.createNetwork(bench.network, as: uid)
            let other = NetworkDraft(
                name: bench.network.name + "-b", sandbox: bench.sandbox, subnet: bench.network.subnet)
            let error = try await failure { try await bench.engine.createNetwork(other, as: ResourceUID("u-2")) }
            #expect(error.failure == .refused)
            #expect(error.message.hasPrefix("subnet \(other.subnet) overlaps one of \(bench.network.name): "))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a network that a stranger is on is not removed, and the stranger is named`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            try await bench.engine.createNetwork(bench.network, as: uid)
            let name = "stranger-\(bench.sandbox)"
            try await bench.stranger(
                .post, "/containers/create?name=\(name)",
                #"{"Image":"\#(bench.image)","Cmd":["/bin/busybox","sleep","99"],"HostConfig":{"NetworkMode":"\#(bench.network.name)"}}"#
            )
            try await bench.stranger(.post, "/containers/\(name)/start")
            let survey = try await bench.engine.survey(bench.sandbox)
            #expect(survey.network(bench.network.name)?.addresses.count == 1)
            let id = try #require(survey.network(bench.network.name)?.id)
            let error = try await failure { try await bench.engine.removeNetwork(id: id) }
            #expect(error.failure == .refused)
            #expect(error.message.hasPrefix("\(name) on network \(bench.network.name) is not Berth's"))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `the lease is held by one installation, and another is told by whom`(on runtime: Runtime) async throws {
        let socket = try runtime.socket()
        let random = UInt64.random(in: 0 ... .max)
        let engines = ["a", "b"].map {
            DockerEngine(
                socket: socket, installation: InstallationID("\($0)-\(random)"), key: Bench.key, namesRoot: "/absent")
        }
        let holders = ["a", "b"].map {
            LeaseHolder(installation: InstallationID("\($0)-\(random)"), machine: "m-\($0)", dataDirectory: "/d/\($0)")
        }
        for _ in 1...2 { try await engines[0].acquireLease(holders[0]) }
        let error = try await failure { try await engines[1].acquireLease(holders[1]) }
        try await engines[1].releaseLease()
        #expect(try await failure { try await engines[1].acquireLease(holders[1]) } == error)
        for _ in 1...2 { try await engines[0].releaseLease() }
        try await engines[1].acquireLease(holders[1])
        try await engines[1].releaseLease()
        for engine in engines { await engine.shutdown() }
        #expect(error.failure == .refused)
        #expect(
            error.message
                == "the engine is held by installation a-\(random) (machine m-a, data /d/a); stop that berth, "
                + "or if it is gone for good: docker volume rm berth-lease")
    }
    @Test(arguments: Runtime.allCases)
    func `the lease is held by one agent of an installation, and another is told by which`(on runtime: Runtime)
        async throws
    {
        let installation = InstallationID("i-\(UInt64.random(in: 0 ... .max))")
        let engine = DockerEngine(
            socket: try runtime.socket(), installation: installation, key: Bench.key, namesRoot: "/absent")
        func holder(_ node: String) -> LeaseHolder {
            LeaseHolder(
                installation: installation, machine: "m", dataDirectory: "/d/\(node)",
                agent: Sample.name(node))
        }
        for _ in 1...2 { try await engine.acquireLease(holder("infra-93")) }
        let error = try await failure { try await engine.acquireLease(holder("micro-92")) }
        try await engine.releaseLease()
        try await engine.acquireLease(holder("micro-92"))
        try await engine.releaseLease()
        await engine.shutdown()
        #expect(error.failure == .refused)
        #expect(error.message.hasPrefix("this engine is held by the agent of node infra-93 (data /d/infra-93)"))
    }
}
