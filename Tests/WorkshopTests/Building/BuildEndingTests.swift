import Foundation
import Model
import Reconciler
import TestSupport
import Testing
import Workshop

@Suite("However a build ends, nothing of it is left")
struct BuildEndingTests {
    /// Long sleeps that only one test starts: its number is in their command lines.
    static func naps(_ number: Int) -> [Int32] { Processes.alive(with: "sleep \(98000 + number)") }

    struct Case: CustomTestStringConvertible {
        let name: String
        /// With `NAP` where it waits.
        let script: String
        let number: Int
        var testDescription: String { name }

        func script(_ number: Int) -> String { script.replacingOccurrences(of: "NAP", with: "sleep \(98000 + number)") }
    }

    static let stubborn = [
        Case(name: "a plain wait", script: "NAP", number: 101),
        Case(name: "it ignores TERM", script: "trap '' TERM; NAP & while true; do NAP; done", number: 102),
        Case(name: "grandchildren", script: "sh -c 'NAP & NAP' & NAP", number: 103),
        Case(name: "one has left the session", script: "setsid NAP & NAP", number: 104),
        Case(name: "one has emptied its environment", script: "env -i NAP & NAP & wait", number: 105),
    ]

    @Test("At its timeout", arguments: stubborn)
    func timeout(_ example: Case) async throws {
        try await Bench.run { bench in
            let number = example.number + 100
            let piece = bench.script(example.script(number), timeoutMillis: 500)
            let error = try await failure { () throws(HostError) in try await bench.workshop().make(piece) }
            #expect(error.failure == .refused)
            #expect(error.message.hasSuffix("the build was not done within 0.5 s"))
            #expect(Self.naps(number) == [])
        }
    }

    @Test("When its task is cancelled; and that is no failure of the commit", arguments: stubborn)
    func cancellation(_ example: Case) async throws {
        try await Bench.run { bench in
            let piece = bench.script(example.script(example.number))
            let workshop = bench.workshop()
            try await withThrowingTaskGroup(of: HostError.self) { group in
                group.addTask { try await failure { () throws(HostError) in try await workshop.make(piece) } }
                try await soon("it runs") { !Self.naps(example.number).isEmpty }
                group.cancelAll()
                let error = try #require(try await group.next())
                #expect(error.failure == .stale)
            }
            #expect(Self.naps(example.number) == [])
            #expect(await workshop.condition(of: piece) == .unfinished)
            #expect(Failures(bench.settings).all().isEmpty)
        }
    }

    @Test("When it went well and left somebody behind")
    func leftBehind() async throws {
        try await Bench.run { bench in
            let piece = bench.script("sleep 98006 & setsid sleep 98006 & echo done")
            let workshop = bench.workshop()
            try await workshop.make(piece)
            #expect(Self.naps(6) == [])
            #expect(await workshop.condition(of: piece) == .ready)
        }
    }

    @Test("When we were killed meanwhile: the next one ends it before it begins anew")
    func killed() async throws {
        try await Bench.run { bench in
            let piece = bench.script("echo fresh > result; test ! -e dirt")
            let workshop = bench.workshop()
            try await workshop.fetch(piece)
            try await workshop.checkout(piece, as: Bench.uid)
            // What a killed one leaves: a note that it was begun, files half made, and processes.
            let note = bench.folder(of: piece) + "/piece.json"
            let text = try bench.text(note).replacingOccurrences(of: "checked out", with: "begun")
            try text.write(toFile: note, atomically: true, encoding: .utf8)
            try "x".write(toFile: bench.tree(of: piece) + "/dirt", atomically: true, encoding: .utf8)
            try FileManager.default.createDirectory(
                atPath: bench.folder(of: piece) + "/tmp", withIntermediateDirectories: true)
            let orphan = Process()
            orphan.executableURL = URL(filePath: "/usr/bin/setsid")
            orphan.arguments = ["sleep", "98007"]
            orphan.environment = ["TMPDIR": bench.folder(of: piece) + "/tmp", "PATH": "/usr/bin:/bin"]
            try orphan.run()
            try await soon("it runs") { !Self.naps(7).isEmpty }

            let next = bench.workshop()
            let error = try await failure { () throws(HostError) in try await next.build(piece, as: Bench.uid) }
            #expect(error.failure == .stale)
            #expect(Self.naps(7) == [])
            try await next.make(piece)
            #expect(await next.condition(of: piece) == .ready)
        }
    }

    @Test("When we were killed meanwhile and nobody wants it any more: the next one ends it as it begins to look")
    func killedAndUnwanted() async throws {
        try await Bench.run { bench in
            let piece = bench.script("true")
            let workshop = bench.workshop()
            try await workshop.fetch(piece)
            try await workshop.checkout(piece, as: Bench.uid)
            let scratch = bench.folder(of: piece) + "/tmp"
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            let orphan = Process()
            orphan.executableURL = URL(filePath: "/usr/bin/sleep")
            orphan.arguments = ["98008"]
            orphan.environment = ["TMPDIR": scratch, "PATH": "/usr/bin:/bin"]
            try orphan.run()
            try await soon("it runs") { !Self.naps(8).isEmpty }

            var looker = bench
            looker.settings.notesUse = false
            _ = await looker.workshop().survey([], patience: .zero)
            #expect(!Self.naps(8).isEmpty)
            _ = await bench.workshop().survey([], patience: .zero)
            #expect(Self.naps(8) == [])
        }
    }

    @Test("Those who want one workpiece at once make it once")
    func twoMakers() async throws {
        try await Bench.run { bench in
            let counter = bench.folder + "/counter"
            #expect(
                FileManager.default.createFile(atPath: counter, contents: nil, attributes: [.posixPermissions: 0o666]))
            let piece = bench.script("sleep 0.2; echo built >> \(counter)")
            let makers = [bench.workshop(), bench.workshop()]
            try await makers[0].fetch(piece)
            try await makers[0].checkout(piece, as: Bench.uid)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 { group.addTask { try await makers[number % 2].build(piece, as: Bench.uid) } }
                try await group.waitForAll()
            }
            #expect(try bench.text(counter) == "built\n")
        }
    }
}
