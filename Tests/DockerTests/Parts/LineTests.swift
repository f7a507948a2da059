import Model
import TestSupport
import Testing

@testable import Docker

/// Lines out of what comes in pieces.
@Suite struct LineTests {
    private func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
        let length = text.utf8.count
        return [stream, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(length >> $0 & 255) } + Array(text.utf8)
    }

    private static let time = "2026-11-21T15:07:14.719459106Z"
    private static let at = Timestamp(milliseconds: 1_795_273_634_719)

    private func line(_ text: String, _ stream: ContainerLine.Stream = .output, later millis: Int64 = 0)
        -> ContainerLine
    {
        ContainerLine(at: Timestamp(milliseconds: Self.at.milliseconds + millis), stream: stream, text: text)
    }

    @Test("Frames cut anywhere make the same lines", arguments: 0..<100)
    func frames(seed: UInt64) {
        let later = "2026-11-21T15:07:15.719Z"
        let bytes =
            frame(1, "\(Self.time) one\n") + frame(2, "\(Self.time) bad") + frame(1, "\(Self.time) \(later) two\r\n")
            + frame(2, "\(later) ly\n") + frame(1, "") + frame(1, "\(later) é\n") + frame(1, "\(later) \n")
            + frame(1, "no time\n") + frame(2, "\(later) rest")
        var random = SplitMix64(seed: seed)
        var reader = ContainerLines(hasTerminal: false)
        var lines: [ContainerLine] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...(seed < 50 ? 3 : 60), using: &random))
            lines += reader.read(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        lines += reader.finish()
        #expect(
            lines == [
                line("one"), line("\(later) two"), line("badly", .error), line("é", later: 1000),
                line("", later: 1000), line("no time", later: 1000), line("rest", .error, later: 1000),
            ])
    }

    @Test("A terminal has no frames, and a time before each line", arguments: [1, 2, 7, 1000])
    func terminal(size: Int) {
        let bytes = Array("\(Self.time) one\r\n\(Self.time) \r\nsomething\n\(Self.time) rest".utf8)
        var reader = ContainerLines(hasTerminal: true)
        var lines: [ContainerLine] = []
        for begin in stride(from: 0, to: bytes.count, by: size) {
            lines += reader.read(Array(bytes[begin..<min(begin + size, bytes.count)]))
        }
        lines += reader.finish()
        #expect(lines.map(\.text) == ["one", "", "something", "rest"])
        #expect(lines.allSatisfy { $0.at == Self.at })
    }

    @Test(
        arguments: [
            ("2026-11-21T15:07:14.719459106Z", 1_795_273_634_719), ("1970-01-01T00:00:00Z", 0),
            ("2024-02-29T23:59:59.5Z", 1_709_251_199_500), ("2026-11-21T16:07:14.719459106+01:00", 1_795_273_634_719),
            ("2026-11-21T09:37:14.719-05:30", 1_795_273_634_719), ("2026-11-21", nil), ("2026-11-21T15:07:14", nil),
            ("2026-11-21T15:07:14.5", nil), ("2026-13-21T15:07:14Z", nil), ("2026-11-21T15:07:14+1", nil),
            ("2026-11-21T15:07:1xZ", nil), ("", nil),
        ] as [(String, Int64?)])
    func `a time of the engine is read to the millisecond`(text: String, millis: Int64?) {
        #expect(Timestamp(engine: text.utf8) == millis.map(Timestamp.init(milliseconds:)))
    }

    @Test func `a time is sent to the engine with all its digits`() {
        #expect(Timestamp(milliseconds: 1_795_273_634_007).engine == "1795273634.007000000")
    }

    @Test(arguments: [
        ("abcde", "abcde"), ("abcdef", "abcde [cut: 6 bytes]"), ("abcdé", "abcd [cut: 6 bytes]"),
        ("éééééééééééé", "éé [cut: 24 bytes]"), ("abcde\r", "abcde"), ("", ""),
    ])
    func `a long line is cut between characters, and says so`(text: String, shown: String) {
        var line = LongLine(showing: 5)
        for byte in text.utf8 { line.add([byte]) }
        #expect(line.isEmpty == text.isEmpty)
        #expect(line.take() == shown)
        #expect(line.isEmpty)
    }

    @Test("No part of a secret is left where a long line is cut", arguments: 0..<60)
    func secretAtTheCut(padding: Int) {
        let secret = Secret("canary-of-some-length")
        let length = Bounds.logLine - 30 + padding
        let text = String(repeating: "x", count: length) + "canary-of-some-length" + String(repeating: "y", count: 200)
        for text in [text, String(text.dropLast(200)), String(text.dropLast(205)) + String(repeating: "z", count: 40)] {
            var reader = ContainerLines(hasTerminal: false, without: [secret])
            let lines = reader.read(frame(1, "\(Self.time) \(text)\n"))
            #expect(lines.count == 1)
            let shown = lines.first?.text ?? ""
            #expect(!shown.contains("canary-of-some-length"))
            if text.contains("canary-of-some-length") { #expect(!shown.contains("canary")) }
        }
    }

    @Test func `many secrets that make a line shorter do not bring the beginning of one into sight`() {
        let secret = Secret(String(repeating: "s", count: 999) + "t")
        let text = String(repeating: secret.reveal(), count: Bounds.logLine / 1000 + 10)
        var reader = ContainerLines(hasTerminal: true, without: [secret])
        let lines = reader.read(Array("\(Self.time) \(text)\n".utf8))
        #expect(lines.first?.text.contains("<redacted>") == true)
        #expect(lines.first?.text.contains("ss") == false)
    }

    @Test func `of a secret with several lines each is blotted out`() {
        let secret = Secret("{\n  key: canary\n}\n")
        var reader = ContainerLines(hasTerminal: true, without: [secret])
        let lines = reader.read(Array("{\n  key: canary\n} and so on\n".utf8))
        #expect(lines.map(\.text) == ["{", "<redacted>", "} and so on"])
    }
}
