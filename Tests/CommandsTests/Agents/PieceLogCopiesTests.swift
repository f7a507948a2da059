import AgentProtocol
import Commands
import Foundation
import Model
import TestSupport
import Testing

@Suite("What builds of other nodes write, on the controller")
struct PieceLogCopiesTests {
    private let node: NodeName = Sample.name("micro-92")

    @Test("Lines are added in order with the time of their coming, and shown once however often they are told")
    func inOrder() async throws {
        try await withCopies { copies, text in
            await copies.take(try lines(0, "one", "two"), from: node)
            await copies.take(try lines(2, "three"), from: node)
            await copies.take(try lines(1, "two", "three", "four"), from: node)
            #expect(
                try text()
                    == "1970-01-01T00:00:00.007Z one\n1970-01-01T00:00:00.007Z two\n1970-01-01T00:00:00.007Z three\n"
                    + "1970-01-01T00:00:00.007Z four\n")
        }
    }

    @Test("What is missing is told, and a log that begins anew takes the place of the old one")
    func gaps() async throws {
        try await withCopies { copies, text in
            await copies.take(try lines(0, "one"), from: node)
            await copies.take(try lines(5, "six"), from: node)
            #expect(try text().contains(" (4 lines of micro-92 were lost on the way)\n"))
            await copies.take(try lines(0, "again"), from: node)
            #expect(try text() == "1970-01-01T00:00:00.007Z again\n")
        }
    }

    @Test("A line cannot move a cursor or begin another line, and a log has an end")
    func bounds() async throws {
        try await withCopies { copies, text in
            await copies.take(try lines(0, "a\u{1b}[2J\r\nb\tc"), from: node)
            #expect(try text() == "1970-01-01T00:00:00.007Z a?[2J??b\tc\n")
            let long = String(repeating: "x", count: 16 << 10)
            for number in 0..<600 as Range<UInt64> { await copies.take(try lines(1 + number, long), from: node) }
            let kept = try text()
            #expect(kept.utf8.count < 9 << 20)
            #expect(kept.hasSuffix(" (the rest is left out here; it is on micro-92)\n"))
        }
    }

    @Test("A number that no line can have is told of, and what comes after it is kept", arguments: [false, true])
    func beyond(isFirst: Bool) async throws {
        try await withCopies { copies, text in
            if !isFirst { await copies.take(try lines(0, "one"), from: node) }
            await copies.take(try lines(.max, "x", "y"), from: node)
            await copies.take(try lines(isFirst ? 0 : 1, "two"), from: node)
            let note =
                "1970-01-01T00:00:00.007Z (lines of micro-92 are left out: no log is as long as their number says)\n"
            #expect(
                try text()
                    == (isFirst ? "" : "1970-01-01T00:00:00.007Z one\n" + note) + "1970-01-01T00:00:00.007Z two\n")
        }
    }

    private func lines(_ first: UInt64, _ lines: String...) throws -> AgentProtocol.LogLines {
        AgentProtocol.LogLines(piece: try #require(Workpiece.ID("account-1")), first: first, lines: lines)
    }

    private func withCopies(
        _ body: (PieceLogCopies, _ text: () throws -> String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-copies-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { _ = try? FileManager.default.removeItem(at: folder) }  // SAFE: swept by the system
        let copies = PieceLogCopies(
            folder: folder.path(percentEncoded: false), now: { Timestamp(milliseconds: 7) })
        try await body(copies) {
            try String(contentsOf: folder.appending(path: "account-1.log"), encoding: .utf8)
        }
    }
}
