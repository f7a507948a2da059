internal import Foundation
internal import HAProxy
internal import Model
internal import Reconciler
internal import Testing

/// One listener a port: two proxies that share one split its requests between two tables, and nobody is told.
@Suite(.serialized) struct PortTests {
    /// HAProxy shares its ports with others unless it is told not to; that is what a person starts by hand.
    @Test(arguments: ["", "noreuseport"])
    func aProxyThatSomebodyElseStartsOnOurPortIsRefused(option: String) async throws {
        try await Bench.record { bench, recorder in
            for port in [bench.web, bench.door] {
                let words = try start(on: port, option, in: bench)
                #expect(words.contains("cannot bind socket"), "port \(port): \(words)")
                #expect(words.contains("\(port)"))
                #expect(try await eventually { try listeners(on: port) == [bench.pid] })
            }
            for number in 0..<20 { #expect(try bench.ask("/wire/\(number)", port: bench.door).body == "/\(number)") }
            #expect(recorder.requests.count == 20)
        }
    }

    @Test func ourProxyDoesNotStartBesideOneThatSharesItsPort() async throws {
        try await Bench.record { bench, _ in
            let free = FreePorts.one()
            let file = "\(bench.directory)/sharing.cfg"
            try Self.configuration(on: free, "").write(toFile: file, atomically: true, encoding: .utf8)
            let other = Process()
            other.executableURL = URL(filePath: "/usr/sbin/haproxy")
            other.arguments = ["-db", "-f", file]
            other.standardError = FileHandle.nullDevice
            try other.run()
            defer {
                kill(other.processIdentifier, SIGKILL)
                other.waitUntilExit()
            }
            try #require(try await eventually { RawConnection(to: free) != nil })

            let refusal = await failure { try await bench.driver.configure(bench.web(free)) }
            #expect(refusal?.failure == .refused)
            let holder = "haproxy (process \(other.processIdentifier))"
            #expect(refusal?.message.hasPrefix("port \(free) is held by \(holder)") == true)
            #expect(try await eventually { try listeners(on: free) == [other.processIdentifier] })
            #expect(try bench.ask("/wire/a", port: bench.door).body == "/a", "the one that ran still serves")
            #expect(bench.processes() == [bench.pid])
        }
    }

    @Test func eachPortHasOneListenerAlsoAfterManyConfigurations() async throws {
        try await Bench.record { bench, _ in
            for turn in 0..<5 {
                try await bench.driver.configure(bench.narrowed(by: turn % 2 + 1))
                // The process that is replaced lets go of its ports at once, and of its clients when they have gone.
                for port in [bench.web, bench.door] {
                    let isOne = try await eventually { try listeners(on: port) == [bench.pid] }
                    #expect(isOne, "port \(port) after \(turn)")
                }
            }
        }
    }

    private static func configuration(on port: UInt16, _ option: String) -> String {
        """
        global
            \(option)
        defaults
            mode http
            timeout connect 1s
            timeout client 5s
            timeout server 5s
        frontend other
            bind :\(port)
            http-request return status 418

        """
    }

    /// Starts another proxy, which must end by itself, and gives back its words.
    private func start(on port: UInt16, _ option: String, in bench: Bench) throws -> String {
        let file = "\(bench.directory)/other.cfg"
        try Self.configuration(on: port, option).write(toFile: file, atomically: true, encoding: .utf8)
        let (words, process) = (Pipe(), Process())
        process.executableURL = URL(filePath: "/usr/sbin/haproxy")
        process.arguments = ["-db", "-f", file]
        process.standardError = words
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        // One that does start is not waited for: it is ended, and found out by what ended it.
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while process.isRunning, ContinuousClock.now < end { usleep(10_000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        let text = String(decoding: try words.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1, "it serves beside ours: \(text)")
        return text
    }

    /// The processes that listen on a port, by the kernel's tables.
    private func listeners(on port: UInt16) throws -> Set<Int32> {
        let hex = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - hex.count) + hex
        var inodes: Set<String> = []
        for table in ["tcp", "tcp6"] {
            // `FileManager` takes the first page of such a file for all of it.
            let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/net/\(table)"))
            let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
            for line in text.split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                if fields.count > 9, fields[1].hasSuffix(suffix), fields[3] == "0A" {
                    inodes.insert("socket:[\(fields[9])]")
                }
            }
        }
        var found: Set<Int32> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let pid = Int32(name) else { continue }
            let folder = "/proc/\(pid)/fd"
            // SAFE: a process that has ended holds nothing
            for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                // SAFE: a file that was closed in the meantime is nothing either
                let link = (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(entry)")) ?? ""
                if inodes.contains(link) { found.insert(pid) }
            }
        }
        return found
    }
}
