import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

/// Hints, conditions and secrets on the real engine.
@Suite(.serialized) struct WatchingTests {
    private let uid = ResourceUID("u-1")

    @Test(arguments: Runtime.allCases)
    func `a killed container is a hint with its cause, and so is what people do by hand`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let draft = try bench.draft("account", bench.sleeper)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            var whats: [String] = []
            var isFirst = true
            for await hint in bench.engine.changes() {
                if isFirst {
                    #expect(hint == .everything)
                    isFirst = false
                    for verb in ["pause", "unpause", "kill"] {
                        try await bench.stranger(.post, "/containers/\(draft.name)/\(verb)")
                    }
                    try await bench.stranger(.delete, "/containers/\(draft.name)")
                }
                guard case .sandbox(bench.sandbox, let what) = hint else { continue }
                whats.append(what)
                if what == "account was removed" { break }
            }
            // The engine tells what falls into its first second once or twice.
            let told = whats.filter { $0.hasPrefix("account") }
            let once = told.enumerated().filter { !told[..<$0.offset].contains($0.element) }.map(\.element)
            #expect(
                once == [
                    "account was paused", "account was unpaused", "account died (exit 137)", "account was removed",
                ])
            #expect(whats.contains("network lost a container") || runtime == .podman)
        }
    }

    @Test(arguments: Runtime.allCases)
    func `many streams do not keep a request waiting`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let connected = Shared(0)
                let wanted = 40
                for _ in 0..<wanted {
                    group.addTask {
                        for await hint in bench.engine.changes() where hint == .everything {
                            connected.withLock { $0 += 1 }
                        }
                    }
                }
                try await bench.eventually("all streams are open") { connected.withLock { $0 } == wanted }
                let began = ContinuousClock.now
                _ = try await bench.engine.survey(bench.sandbox)
                // Behind a stream it would wait for the end of one, which does not come.
                #expect(ContinuousClock.now - began < .seconds(20))
                group.cancelAll()
            }
        }
    }

    @Test(arguments: Runtime.allCases)
    func `the last lines of a failure are kept, and they are the last`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            var spec = bench.spec("sh", "-c", "i=0; while [ $i -lt 99 ]; do i=$((i+1)); echo line $i >&2; done; exit 3")
            spec.restart = .no
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [:], as: uid)
            #expect(try await bench.engine.condition(of: .planned(name: draft.name)).state == .created)
            try await bench.engine.start(.planned(name: draft.name))
            try await bench.eventually("it ends") { try await bench.only().state == .exited }
            let condition = try await bench.engine.condition(of: .planned(name: draft.name))
            #expect(condition.exitCode == 3)
            #expect(condition.restarts == 0)
            #expect(condition.lastOutput == (80...99).map { "line \($0)" }.joined(separator: "\n"))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a secret's value is in no label, observation, condition or error`(on runtime: Runtime) async throws {
        try await Bench.run(on: runtime) { bench in
            let canary = "canary-\(UInt64.random(in: 0 ... .max))"
            let reference = SecretReference.file("/s/canary")
            var spec = bench.saying("echo it is $DB; echo $DB >&2")
            spec.environment = ["DB": .secret(reference)]
            spec.files = [FileSpec(path: "/run/plain", content: .text("nothing to hide\n"), mode: 0o400)]
            let draft = try bench.draft("account", spec)
            let secrets = [reference: Secret(canary)]
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: secrets, as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            try await bench.eventually("it speaks") {
                try await bench.engine.condition(of: .planned(name: draft.name)).lastOutput.contains("it is")
            }
            let taken = try await failure {
                try await bench.engine.create(draft, secrets: secrets, as: ResourceUID("u-2"))
            }
            var broken = draft.spec
            broken.files.append(FileSpec(path: "relative", content: .secret(reference), mode: 0o400))
            let refused = try await failure {
                try await bench.engine.create(try bench.draft("other", broken), secrets: secrets, as: uid)
            }
            let condition = try await bench.engine.condition(of: .planned(name: draft.name))
            #expect(
                condition.lastOutput == "it is <redacted>\n<redacted>" || condition.lastOutput.contains("<redacted>"))
            var said = ""
            dump(try await bench.engine.survey(bench.sandbox), to: &said)
            dump(condition, to: &said)
            dump([taken, refused], to: &said)
            let labels = try await bench.stranger(.get, "/containers/json?all=1")
            said += String(decoding: labels.body, as: UTF8.self)
            #expect(!said.contains(canary))
        }
    }

    @Test(arguments: Runtime.allCases)
    func `a container with a secret file shows no output, for what it repeats cannot be known`(on runtime: Runtime)
        async throws
    {
        try await Bench.run(on: runtime) { bench in
            let canary = "canary-\(UInt64.random(in: 0 ... .max))"
            let reference = SecretReference.file("/s/canary")
            var spec = bench.spec("sh", "-c", "/bin/busybox cat /run/secret; /bin/busybox cat /run/secret >&2; exit 3")
            spec.files = [FileSpec(path: "/run/secret", content: .secret(reference), mode: 0o400)]
            spec.restart = .no
            let draft = try bench.draft("account", spec)
            try await bench.engine.createNetwork(bench.network, as: uid)
            try await bench.engine.create(draft, secrets: [reference: Secret(canary)], as: uid)
            try await bench.engine.start(.planned(name: draft.name))
            try await bench.eventually("it ends") { try await bench.only().state == .exited }
            let logs = try await bench.stranger(.get, "/containers/\(draft.name)/logs?stdout=1").body
            #expect(String(decoding: logs, as: UTF8.self).contains(canary), "it did print it")

            let condition = try await bench.engine.condition(of: .planned(name: draft.name))
            #expect(condition.exitCode == 3)
            #expect(condition.lastOutput == "its output is not shown, for it has secret files")
            var said = ""
            dump(condition, to: &said)
            dump(try await bench.engine.survey(bench.sandbox), to: &said)
            said += String(decoding: try await bench.stranger(.get, "/containers/json?all=1").body, as: UTF8.self)
            #expect(!said.contains(canary))
        }
    }
}
