internal import Foundation
internal import Testing

extension EndToEnd {
    /// That the machines are what scenarios take them for, and each fault of a cable what it is called.
    @Suite("The machines of these tests") struct MachinesTests {
        /// A web server on a machine, with a large file, while `body` runs.
        private func serving(
            on machine: Machine, port: UInt16, _ body: (_ path: String, _ bytes: Int) async throws -> Void
        ) async throws {
            let folder = "/tmp/berth-wire-\(UInt32.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let bytes = 3 << 20
            try Data(repeating: 7, count: bytes).write(to: URL(filePath: folder + "/large"))
            let server = try machine.start(["busybox", "httpd", "-f", "-p", String(port), "-h", folder])
            do {
                try await eventually("the server listens", isTrue: { try await machine.reaches(machine, port: port) })
                try await body("http://\(machine.address):\(port)/large", bytes)
                try await stop(server, folder)
            } catch {
                try await stop(server, folder)
                throw error
            }
        }

        private func stop(_ server: Program, _ folder: String) async throws {
            server.send(SIGKILL)
            _ = try await server.end(within: .seconds(20))
            server.forget()
            try FileManager.default.removeItem(atPath: folder)
        }

        @Test("have engines of their own, with images, and reach what each other publishes")
        func areApart() async throws {
            try await Machines.run { machines in
                var engines: Set<String> = []
                for node in machines.nodes {
                    engines.insert(try await node.engine.docker("info", "--format", "{{.DockerRootDir}}"))
                    for tag in ["1", "2"] {
                        #expect(try await node.engine.hasImage("berth-test/busybox:\(tag)"))
                    }
                    try await node.engine.docker("network", "create", "shop")
                    try await node.engine.docker(
                        "run", "--detach", "--name", "web", "--network", "shop", "--publish", "7070:80",
                        "berth-test/busybox:1", "sh", "-c",
                        "mkdir /w; echo \(node.name) >/w/who; exec httpd -f -p 80 -h /w")
                }
                #expect(engines.count == 3)
                for visitor in machines.all {
                    for node in machines.nodes {
                        let url = "http://\(node.address):7070/who"
                        try await eventually("\(visitor.name) asks \(node.name)") {
                            let answer = try await visitor.run(["curl", "--silent", "--max-time", "5", url])
                            return answer.output == "\(node.name)\n" ? true : nil
                        }
                    }
                }
            }
            try await Machines.run { machines in
                for node in machines.nodes {
                    let left = try await node.engine.container("web")
                    #expect(left == nil)
                }
            }
        }

        @Test("lose a cable that is cut, for connections that stand too, and have it back when it is mended")
        func areCut() async throws {
            try await Machines.run { machines in
                let (one, two, control) = (machines.one, machines.two, machines.control)
                try await serving(on: one, port: 7071) { _, _ in
                    #expect(try await control.reaches(one, port: 7071))
                    let standing = try control.start(["busybox", "nc", one.address, "7071", "-e", "cat"])
                    try await one.cable.cut()
                    #expect(try await control.reaches(one, port: 7071) == false)
                    #expect(try await one.reaches(control, port: 7071) == false)
                    #expect(try await one.reaches(one, port: 7071), "it is not the machine that fails")
                    #expect(standing.isRunning, "nobody is told")
                    try await serving(on: two, port: 7071) { _, _ in
                        let isWhole = try await control.reaches(two, port: 7071)
                        #expect(isWhole, "the others have cables of their own")
                    }
                    #expect(try await one.cable.lost(.incoming) > 0)
                    try await one.cable.mend()
                    #expect(try await control.reaches(one, port: 7071))
                    standing.send(SIGKILL)
                    _ = try await standing.end(within: .seconds(20))
                    standing.forget()
                }
            }
        }

        @Test("lose one way alone, of one peer alone", arguments: Cable.Way.allCases)
        func areCutOneWay(way: Cable.Way) async throws {
            try await Machines.run { machines in
                let (one, two, control) = (machines.one, machines.two, machines.control)
                try await serving(on: one, port: 7072) { _, _ in
                    try await one.cable.cut([way], from: control)
                    #expect(try await control.reaches(one, port: 7072) == false)
                    #expect(try await two.reaches(one, port: 7072))
                    let other: Cable.Way = way == .incoming ? .outgoing : .incoming
                    #expect(try await one.cable.lost(way) > 0)
                    #expect(try await one.cable.lost(other) == 0)
                    try await one.cable.mend()
                    try await one.cable.cut([way])
                    #expect(try await two.reaches(one, port: 7072) == false)
                }
            }
        }

        @Test("lose a share of the packets, and what TCP carries arrives nevertheless")
        func areLossy() async throws {
            try await Machines.run { machines in
                let (one, control) = (machines.one, machines.control)
                try await one.cable.lose(0.5, [.incoming])
                // Six standard deviations around the half of 200.
                let count = try await answers(control, pinging: one, 200)
                #expect((58...142).contains(count), "\(count) of 200")
                try await one.cable.mend()
                #expect(try await answers(control, pinging: one, 20) == 20)

                try await one.cable.lose(0.03)
                try await serving(on: one, port: 7073) { url, bytes in
                    let size = try await control.must(
                        [
                            "curl", "--silent", "--max-time", "100", "--output", "/dev/null", "--write-out",
                            "%{size_download}", url,
                        ], within: .seconds(120))
                    #expect(size == String(bytes))
                }
                #expect(try await one.cable.lost(.outgoing) > 0)
            }
        }

        @Test("delay every packet each way for as long as they are told, and corrupt none")
        func areSlow() async throws {
            try await Machines.run { machines in
                let (one, two, control) = (machines.one, machines.two, machines.control)
                #expect(try await fastest(control, to: one) < 150)
                try await serving(on: one, port: 7074) { url, bytes in
                    try await one.cable.slowed(byMillis: 150) {
                        let time = try await fastest(control, to: one)
                        #expect((300..<3000).contains(time), "\(time) ms there and back")
                        #expect(try await fastest(control, to: two) < 150, "the others are as fast as ever")
                        let size = try await control.must(
                            [
                                "curl", "--silent", "--max-time", "100", "--output", "/dev/null", "--write-out",
                                "%{size_download}", url,
                            ], within: .seconds(120))
                        #expect(size == String(bytes))
                    }
                }
                try await eventually("it is fast again", isTrue: { try await fastest(control, to: one) < 150 })
            }
        }

        /// How many of `count` packets were answered.
        private func answers(_ machine: Machine, pinging other: Machine, _ count: Int) async throws -> Int {
            let outcome = try await machine.run(
                ["busybox", "ping", "-q", "-c", String(count), "-i", "0.01", "-W", "5", other.address])
            guard let line = outcome.lines.first(where: { $0.contains("packets received") }),
                let received = line.split(separator: " ").dropFirst(3).first.flatMap({ Int($0) })
            else { throw Trouble("ping said: \(outcome.output)\(outcome.errors)") }
            return received
        }

        /// The shortest time there and back, in milliseconds, of five.
        private func fastest(_ machine: Machine, to other: Machine) async throws -> Double {
            let outcome = try await machine.run(
                ["busybox", "ping", "-q", "-c", "5", "-i", "0.05", "-W", "10", other.address])
            guard let line = outcome.lines.first(where: { $0.hasPrefix("round-trip") }),
                let least = line.split(separator: " ").dropFirst(3).first?.split(separator: "/").first,
                let millis = Double(least)
            else { throw Trouble("ping said: \(outcome.output)\(outcome.errors)") }
            return millis
        }
    }
}
