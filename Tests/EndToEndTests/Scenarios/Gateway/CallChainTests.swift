internal import Foundation
internal import Testing

extension EndToEnd {
    @Suite("A call out of a sandbox") struct CallChainTests {
        private static let payment = "payment:\(Bench.insidePort)"

        @Test(
            "reaches the baseline with the sandbox's carriers, and its own service from the commit on that gives it one"
        )
        func follows() async throws {
            try await Bench.scenario { bench in
                let (qa, qb) = (bench.name("qa"), bench.name("qb"))
                try bench.layGateway(Bench.inside)
                for name in [qa, qb] { try bench.write(name, "account: {branch: feature/a}") }
                try await bench.serve(until: try await bench.repository.push("account alone"))
                let account = try await bench.container(of: "account", in: qa)

                #expect(try await bench.call("\(Self.payment)/", from: qa) == "payment baseline")
                let sent = try await bench.ask("account/call/\(Self.payment)/headers", in: qa)
                #expect(sent.seen("x-sandbox") == qa, "\(sent.text)")
                #expect(sent.seen("baggage")?.contains("sandbox=\(qa)") == true, "\(sent.text)")
                #expect(sent.seen("tracestate")?.contains("sandbox=\(qa)") == true, "\(sent.text)")
                let seen = try await bench.call("\(Self.payment)/seen/a/b?c=d", from: qa)
                #expect(seen == "payment baseline GET /seen/a/b?c=d", "the path is the caller's own")

                try bench.write(qa, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                try await bench.pushAndSettle("payment of its own")
                try await bench.eventuallyHears("payment feature-a", calling: "\(Self.payment)/", from: qa)
                #expect(try await bench.call("\(Self.payment)/", from: qb) == "payment baseline", "the neighbour's")
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {use: baseline}")
                try await bench.pushAndSettle("payment is everybody's again")
                try await bench.eventuallyHears("payment baseline", calling: "\(Self.payment)/", from: qa)

                let same = try await bench.container(of: "account", in: qa)
                #expect(same.id == account.id)
                #expect(same.state.startedAt == account.state.startedAt, "it was never restarted")
                try await bench.expectNothingToDo()
            }
        }

        @Test("in both directions and by a path of several services stays in the sandbox")
        func staysInside() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.layGateway(Bench.inside)
                try bench.write(qa, "account: {branch: feature/a}\n  payment: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("two services"))
                let there = "\(Self.payment)/call/account:\(Bench.insidePort)"
                #expect(try await bench.call("\(there)/", from: qa) == "account feature-a")
                #expect(try await bench.call("\(there)/call/\(Self.payment)/", from: qa) == "payment feature-a")
            }
        }

        @Test("is answered on the inside ports only: who calls from elsewhere is told so")
        func isRefusedToOthers() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.layGateway(Bench.inside)
                try bench.write(qa, "account: {branch: feature/a}")
                try await bench.serve(until: try await bench.repository.push("account"))
                for headers in [["Host": "payment"], ["Host": "payment", "x-sandbox": qa]] {
                    let answer = try await bench.get("/", port: Bench.insidePort, headers)
                    #expect(answer.status == 404)
                    #expect(answer.text == "port \(Bench.insidePort) is for calls out of sandboxes")
                }
            }
        }

        @Test("finds its address in a variable: a name where the gateway looks after it, else the baseline's own")
        func findsItsAddress() async throws {
            try await Bench.scenario { bench in
                let qa = bench.name("qa")
                try bench.repository.write(
                    "addresses.yaml",
                    "environment: addresses\nvariables:\n"
                        + "- {name: PAYMENT_URL, valueFrom: {route: {service: payment}}}")
                try bench.write(qa, "account: {branch: feature/a, environmentRefs: [addresses]}")
                try await bench.serve(until: try await bench.repository.push("account"))
                #expect(try await bench.ask("account/env/PAYMENT_URL", in: qa).text == bench.payment.url)

                try bench.layGateway(Bench.inside)
                try await bench.pushAndSettle("The gateway looks after calls")
                let name = "http://\(Self.payment)"
                #expect(try await bench.ask("account/env/PAYMENT_URL", in: qa).text == name)
                #expect(try await bench.call("\(Self.payment)/", from: qa) == "payment baseline")
                let account = try await bench.container(of: "account", in: qa)
                try bench.write(
                    qa, "account: {branch: feature/a, environmentRefs: [addresses]}\n  payment: {branch: feature/a}")
                try await bench.pushAndSettle("payment of its own")
                #expect(try await bench.ask("account/env/PAYMENT_URL", in: qa).text == name)
                try await bench.eventuallyHears("payment feature-a", calling: "\(Self.payment)/", from: qa)
                #expect(try await bench.container(of: "account", in: qa).id == account.id, "the name stays the same")
            }
        }

        @Test(
            "is answered again after somebody spoiled the file of names, and no other container is touched",
            arguments: ["echo nonsense >F", "sed -i s/payment/elsewhere/ F", "rm F", "rm -r $(dirname F)"])
        func namesAreMended(deed: String) async throws {
            try await Bench.scenario { bench in
                let (qa, qb) = (bench.name("qa"), bench.name("qb"))
                try bench.layGateway(Bench.inside)
                for name in [qa, qb] { try bench.write(name, "account: {branch: feature/a}") }
                try await bench.serve(until: try await bench.repository.push("two"))
                let (mine, neighbour) = (
                    try await bench.container(of: "account", in: qa), try await bench.container(of: "account", in: qb)
                )
                let script = deed.replacing("F", with: "\(bench.data)/names/\(qa)/hosts")
                let done = try await Program(
                    ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], scratch: bench.scratch
                ).end(within: .seconds(10))
                #expect(done.status == 0, "\(done.errors)")
                try await eventually("the plan is empty", isTrue: { try await bench.dryRun().status == 0 })
                try await bench.eventuallyHears("payment baseline", calling: "\(Self.payment)/", from: qa)
                let now = try await bench.container(of: "account", in: qa)
                #expect((now.id == mine.id) == !deed.hasPrefix("rm -r"), "what can be kept is kept")
                #expect(try await bench.container(of: "account", in: qb).id == neighbour.id)
            }
        }

        @Test("leaves no names behind when its sandbox goes, or when the gateway looks after calls no more")
        func leavesNothing() async throws {
            try await Bench.scenario { bench in
                let (gone, stays) = (bench.name("gone"), bench.name("stays"))
                try bench.layGateway(Bench.inside)
                for name in [gone, stays] { try bench.write(name, "account: {branch: feature/a}") }
                try await bench.serve(until: try await bench.repository.push("two"))
                let names = bench.data + "/names"
                #expect(try FileManager.default.contentsOfDirectory(atPath: names).sorted() == [gone, stays].sorted())
                try bench.repository.remove("sandboxes/\(gone).yaml")
                try await bench.pushAndSettle("one goes")
                try await eventually("its names are gone") {
                    try FileManager.default.contentsOfDirectory(atPath: names) == [stays]
                }
                #expect(try await bench.call("\(Self.payment)/", from: stays) == "payment baseline")
                try bench.layGateway()
                try await bench.pushAndSettle("no inside any more")
                try await eventually("all names are gone") {
                    try FileManager.default.contentsOfDirectory(atPath: names).isEmpty
                }
                #expect(try await bench.ask("account", in: stays).text == "account feature-a")
                try await bench.expectNothingToDo()
            }
        }
    }
}
