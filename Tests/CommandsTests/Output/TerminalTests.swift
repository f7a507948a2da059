import Foundation
import Glibc
import Model
import Reconciler
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("Where text goes")
struct TerminalTests {
    @Test("A pipe is no terminal: nothing is cut and nothing is coloured")
    func pipe() throws {
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let terminal = Terminal(descriptor: ends[1], environment: ["COLUMNS": "60", "TERM": "xterm"])
        #expect(!terminal.isTerminal)
        #expect(terminal.display == .file)
        #expect(terminal.write("one\n") == .written)
        var bytes = [UInt8](repeating: 0, count: 8)
        #expect(read(ends[0], &bytes, bytes.count) == 4)
    }

    @Test("A reader that has gone is an answer and not the end of the process")
    func readerGone() throws {
        Terminal.ignoreBrokenPipes()
        var ends: [Int32] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        let text = String(repeating: "x", count: 200_000)
        #expect(Terminal(descriptor: ends[1], environment: [:]).write(text) == .readerGone)
    }

    @Test("A descriptor that is not open is a failure with its number")
    func closed() {
        #expect(Terminal(descriptor: 9999, environment: [:]).write("x") == .failed(EBADF))
    }

    // TIOCSPTLCK and TIOCGPTN, which the C library has as macros that Swift cannot see.
    private static let unlockTerminal: UInt = 0x4004_5431
    private static let terminalNumber: UInt = 0x8004_5430

    @Test(
        "On a terminal its own size counts; colour needs NO_COLOR unset and TERM able",
        arguments: [
            (72, ["COLUMNS": "60"], 72, true), (0, ["COLUMNS": "61"], 61, true), (0, [:], 100, true),
            (0, ["COLUMNS": "wide"], 100, true), (80, ["NO_COLOR": "1"], 80, false), (80, ["NO_COLOR": ""], 80, true),
            (80, ["TERM": "dumb"], 80, false), (3, [:], 20, true),
        ] as [(UInt16, [String: String], Int, Bool)])
    func size(columns: UInt16, environment: [String: String], width: Int, isColoured: Bool) throws {
        let control = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(control >= 0)
        defer { close(control) }
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        try #require(ioctl(control, Self.unlockTerminal, &unlocked) == 0)
        try #require(ioctl(control, Self.terminalNumber, &number) == 0)
        let screen = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        try #require(screen >= 0)
        defer { close(screen) }
        var window = winsize(ws_row: columns == 0 ? 0 : 30, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(screen, UInt(TIOCSWINSZ), &window) == 0)

        let terminal = Terminal(descriptor: screen, environment: environment)
        #expect(terminal.isTerminal)
        #expect(terminal.display.width == width)
        #expect(terminal.display.height == (columns == 0 ? 24 : 30))
        #expect((terminal.display.colour == .coloured) == isColoured)
    }
}

@Suite("Every rendering keeps to the terminal")
struct WidthTests {
    /// Everything that is rendered to lines, at one size.
    static func renderings(in display: Display) -> [(name: String, text: String)] {
        var lines = EventLines(zone: .utc)
        return [
            ("status", StatusTable(OutputSample.unkept).text(in: display)),
            ("detail", StatusDetail(OutputSample.unkept).text(in: display)),
            ("events", lines.text(of: OutputSample.events, in: display)),
            ("history", HistoryTable(OutputSample.passes, zone: .utc).text(in: display)),
            ("problems", ProblemReportTests.report.text(in: display)),
        ]
    }

    @Test("No line is longer than the terminal is wide, and colour changes no character")
    func fits() {
        for width in 20...200 {
            let plain = Display(medium: .terminal(width: width, height: 40), colour: .plain)
            let coloured = Display(medium: .terminal(width: width, height: 40), colour: .coloured)
            for (one, other) in zip(Self.renderings(in: plain), Self.renderings(in: coloured)) {
                for line in one.text.split(separator: "\n") where columns(line) > width {
                    Issue.record("\(one.name) at \(width): \(columns(line)) columns: \(line)")
                }
                #expect(uncoloured(other.text) == one.text, "\(one.name) at \(width)")
                #expect(!one.text.contains("\u{1b}"))
            }
        }
    }

    @Test("On a terminal sentences are broken, never lost: every word of a notice and of a failure is there")
    func sentencesAreWhole() {
        for width in stride(from: 40, through: 160, by: 10) {
            let display = Display(medium: .terminal(width: width, height: 40), colour: .plain)
            let text = StatusTable(OutputSample.standing).text(in: display).split { $0.isWhitespace }
            for notice in OutputSample.standing.fleet?.notices ?? [] {
                for word in notice.split(separator: " ") { #expect(text.contains(word), "\(word) at \(width)") }
            }
        }
    }

    /// Two columns for the only wide characters of the samples.
    private func columns(_ line: Substring) -> Int {
        line.reduce(0) { $0 + ("魏利用者".contains($1) ? 2 : 1) }
    }
}
