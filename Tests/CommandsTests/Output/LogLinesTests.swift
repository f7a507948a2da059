import Model
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("Log lines for people")
struct LogLinesTests {
    private static let line = SpokenLine(speaker: "account", at: OutputSample.noon, text: "GET /health 200")

    private static func lines(_ names: [String], _ times: LogLines.Times = .hidden) -> LogLines {
        var lines = LogLines(times: times)
        lines.announce(names)
        return lines
    }

    @Test("A single speaker is not named; of several each line says whose it is, in one column")
    func speakers() {
        #expect(Self.lines(["account"]).text(of: Self.line, in: .file) == "GET /health 200\n")
        let several = Self.lines(["account", "payment-api"])
        #expect(several.text(of: Self.line, in: .file) == "account     | GET /health 200\n")
        let other = SpokenLine(speaker: "payment-api", at: OutputSample.noon, text: "")
        #expect(several.text(of: other, in: .file) == "payment-api |\n")
    }

    @Test("Times are shown when they are asked for")
    func times() {
        let text = Self.lines(["account"], .shown).text(of: Self.line, in: .file)
        #expect(text == "2026-11-21T12:04:11.250Z GET /health 200\n")
    }

    @Test("A long line is not cut on a terminal, and each speaker has a colour of its own")
    func terminal() {
        let display = Display(medium: .terminal(width: 20, height: 10), colour: .coloured)
        let lines = Self.lines(["account", "web"])
        let long = SpokenLine(speaker: "account", at: OutputSample.noon, text: String(repeating: "x", count: 500))
        let text = lines.text(of: long, in: display)
        #expect(uncoloured(text) == "account | " + long.text + "\n")
        let other = lines.text(of: SpokenLine(speaker: "web", at: OutputSample.noon, text: "x"), in: display)
        #expect(text.prefix(5) != other.prefix(5))
        #expect(text.hasPrefix("\u{1b}["))
    }

    @Test("What a container wrote cannot steer the terminal")
    func control() {
        let hostile = SpokenLine(
            speaker: "account", at: OutputSample.noon, text: "a\u{1b}[2Jb\u{1b}]0;c\u{7}\re\u{202e}f\nforged")
        let text = Self.lines(["account"]).text(of: hostile, in: .file)
        #expect(text.unicodeScalars.dropLast().allSatisfy { $0.value >= 0x20 && $0 != "\u{202e}" })
        #expect(text.hasSuffix("\n"))
    }
}
