internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("The life of a sandbox") struct LifeTests {
        @Test("Suspended it stops and is kept, and answers so; resumed it serves again at the same port")
        func suspends() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                let before = try await bench.container(of: "account", in: qa)
                let port = try await bench.port(of: qa)

                try bench.write(qa, "account: {branch: feature/a}", state: "Suspended")
                try await bench.pushAndSettle("Good night")
                let asleep = try #require(try await bench.engine.container(before.id))
                #expect(asleep.state.status == "exited")
                for answer in [try await bench.get("/account", port: port), try await bench.ask("account", in: qa)] {
                    #expect(answer.status == 503)
                    #expect(answer.text == "sandbox \(qa) is suspended")
                }
                #expect(try await bench.ask("account", in: nil).text == "account baseline")
                try await bench.expectNothingToDo()

                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.pushAndSettle("Good morning")
                #expect(try await bench.container(of: "account", in: qa).id == before.id)
                #expect(try await bench.get("/account", port: port).text == "account feature-a")
                try await bench.expectNothingToDo()
            }
        }

        @Test("Removed it leaves nothing, and the next one gets its port")
        func removes() async throws {
            try await Bench.scenario { bench in
                let (gone, stays) = (bench.name("gone"), bench.name("stays"))
                try bench.write(gone, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                try bench.write(stays, "account: {branch: feature/b}")
                try await bench.serve(until: try await bench.repository.push("two sandboxes"))
                let port = try await bench.port(of: gone)
                let neighbour = try await bench.container(of: "account", in: stays)

                try bench.repository.remove("sandboxes/\(gone).yaml")
                let commit = try await bench.repository.push("Done with it")
                try await eventually("it is gone") {
                    let containers = try await bench.containers(of: gone)
                    let networks = try await bench.engine.networks("berth.sandbox=\(gone)")
                    return containers.isEmpty && networks.isEmpty
                }
                try await eventually("its status is gone", isTrue: { try await bench.status()?[gone] == nil })
                try await bench.settle(at: commit)
                for table in ["routes", "sandboxes", "ports"] {
                    let live = try await bench.tellProxy("show map \(bench.data)/gateway/edge/\(table).map")
                    #expect(!live.contains(gone), "\(table): \(live)")
                }
                #expect(try await bench.get("/account", port: port).status == 404)
                #expect(try await bench.ask("account", in: gone).text == "account baseline")
                let same = try await bench.container(of: "account", in: stays)
                #expect(same.id == neighbour.id)
                #expect(same.state.startedAt == neighbour.state.startedAt)
                try await bench.expectNothingToDo()

                let next = bench.name("next")
                try bench.write(next, "account: {branch: feature/a}")
                try await bench.pushAndSettle("The next")
                #expect(try await bench.port(of: next) == port)
                #expect(try await bench.get("/account", port: port).text == "account feature-a")
            }
        }

        @Test("Its files and its published port are kept across a restart of the daemon and a lost container")
        func keepsWhatItHolds() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.repository.write("files/app.ini", "colour = blue")
                try bench.repository.write(
                    "app.yaml",
                    """
                    environment: app
                    variables: [{name: LEVEL, value: debug}]
                    files:
                    - {path: /etc/app/app.ini, contentFrom: files/app.ini, mode: "0440"}
                    - {path: /etc/app/more.ini, content: "size = 3"}
                    """)
                try bench.write(qa, "account: {branch: feature/a, port: auto, environmentRefs: [app]}")
                let commit = try await bench.repository.push("A published port")
                try await bench.serve(until: commit)
                let before = try await bench.container(of: "account", in: qa)
                #expect(try await bench.ask("account/file/etc/app/app.ini", in: qa).text == "colour = blue")
                #expect(try await bench.ask("account/file/etc/app/more.ini", in: qa).text == "size = 3")
                #expect(try await bench.ask("account/env/LEVEL", in: qa).text == "debug")
                let mapping = try await bench.engine.docker("port", before.id, "8080/tcp")
                let port = try #require(mapping.split(separator: ":").last.flatMap { UInt16($0) }, "\(mapping)")
                #expect(bench.nodePorts.contains(port))
                #expect(try await bench.get("/", port: port).text == "account feature-a")

                try await bench.stop()
                try await bench.serve(until: commit)
                let after = try await bench.container(of: "account", in: qa)
                #expect(after.id == before.id)
                #expect(after.state.startedAt == before.state.startedAt)

                try await bench.engine.docker("rm", "--force", before.id)
                try await eventually("it is back") {
                    let now = try await bench.containers(of: qa).first
                    return now?.isRunning == true && now?.id != before.id
                }
                try await bench.eventuallyAnswers("colour = blue", "account/file/etc/app/app.ini", in: qa)
                #expect(try await bench.get("/", port: port).text == "account feature-a", "at the same port")
            }
        }
    }
}
