import Foundation
import Model
import Reconciler
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("What berth events and berth history say")
struct HistoryTests {
    @Test("Events at every width, with the date where it changes", arguments: OutputSample.displays.map(\.name))
    func events(name: String) throws {
        let display = try #require(OutputSample.displays.first { $0.name == name }).display
        var lines = EventLines(zone: .utc)
        try expectGolden(visible(lines.text(of: OutputSample.events, in: display)), "events-\(name)")
    }

    @Test("The date follows the zone, and is said once a day, also when events come one by one")
    func days() {
        var lines = EventLines(zone: Zone { _ in 13 * 3600 })
        let text = OutputSample.events.map { lines.text(of: [$0], in: .file) }.joined()
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("2026-") } == ["2026-11-21", "2026-11-22"])
        #expect(text.contains("01:04:11  "))
    }

    @Test("A flip is told with when it was effective and what became of the requests before")
    func flips() {
        let flip = OutputSample.event(
            0, "route.flipped",
            "account → account@4be1c2d (http://10.210.0.2:8080); effective 12:04:11.123Z; old target: 3 finished, "
                + "0 dropped, 1 kept", service: "account")
        var lines = EventLines(zone: .utc)
        let text = lines.text(of: [StoredEvent(id: 1, event: flip)], in: .file)
        #expect(
            text.hasSuffix(
                "12:04:11  qa-login-error/account  route.flipped   account → account@4be1c2d (http://10.210.0.2:8080); "
                    + "effective 12:04:11.123Z; old target: 3 finished, 0 dropped, 1 kept   "
                    + "(manifests/qa.yaml:3, Achmad, 9999999)\n"))
    }

    @Test("What a container wrote cannot steer the terminal")
    func control() {
        var lines = EventLines(zone: .utc)
        // Colours, a title, a bell, a carriage return, C1 controls, a turned reading direction, nothing one can see.
        let hostile =
            "a\u{1b}[2Jb\u{1b}]0;c\u{7}d\re\u{9b}1mf\u{202e}g\u{2066}h\u{200b}i\u{feff}j\u{2028}k\tl\n12:00:00  forged"
        let events = OutputSample.events + [StoredEvent(id: 99, event: OutputSample.event(9, "notice", hostile))]
        let text = lines.text(of: events, in: .file)
        let steering: Set<Unicode.Scalar> = ["\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}", "\u{2028}", "\u{9b}"]
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !steering.contains($0) || $0 == "\n" })
        #expect(text.split(separator: "\n").count == events.count + 2)
    }

    @Test("Events as JSON are one object a line")
    func eventJSON() throws {
        let lines = EventJSON.text(of: OutputSample.events).split(separator: "\n")
        #expect(lines.count == OutputSample.events.count)
        for (line, event) in zip(lines, OutputSample.events) {
            let object = try jsonObject(String(line))
            #expect(object["version"] as? Int == 1)
            #expect(object["id"] as? Int64 == event.id)
            #expect(object["message"] as? String == event.event.message)
            #expect(object["kind"] as? String == event.event.kind)
            #expect(Set(object.keys).count == 10)
        }
    }

    @Test("What is made of a commit is told with its name, and what waits for it with its own", arguments: [60, 160])
    func pieces(width: Int) throws {
        let display = Display(medium: .terminal(width: width, height: 40), colour: .plain)
        var lines = EventLines(zone: .utc)
        let stored = PieceProgressTests.story.prefix(6).enumerated().map {
            StoredEvent(id: Int64($0.offset), event: $0.element)
        }
        try expectGolden(visible(lines.text(of: stored, in: display)), "events-pieces-\(width)")
        let made = try #require(stored.first { $0.event.sandbox == nil })
        #expect(try jsonObject(EventJSON.text(of: [made]))["piece"] as? String == "account-444444444444-0a1b2c3d")
    }

    @Test("History at every width; a failure's message is below its pass", arguments: OutputSample.displays.map(\.name))
    func history(name: String) throws {
        let display = try #require(OutputSample.displays.first { $0.name == name }).display
        let text = HistoryTable(OutputSample.passes, zone: .utc).text(in: display)
        try expectGolden(visible(text), "history-\(name)")
    }

    @Test("Images that were loaded are no gateway, and what was destroyed is told as that")
    func loads() {
        func pass(_ id: Int64, _ revision: Character) -> PassSummary {
            PassSummary(
                id: PassID(id),
                record: PassRecord(
                    sandbox: nil, revision: Sample.commit(revision), cause: "removed in 0000000",
                    startedAt: OutputSample.noon, plan: "", steps: 1),
                outcome: .applied, endedAt: OutputSample.noon, message: "")
        }
        let text = HistoryTable([pass(1, "9"), pass(2, "0")], loads: [PassID(1)], zone: .utc).text(in: .file)
        let lines = text.split(separator: "\n")
        #expect(lines[1].contains("(images)"))
        #expect(lines[2].contains("(gateway)  -         applied"))
        #expect(lines[2].hasSuffix("berth destroy"))
    }

    @Test("History as JSON")
    func historyJSON() throws {
        let passes = try #require(
            try jsonObject(HistoryJSON(OutputSample.passes).text)["passes"] as? [[String: Any]])
        #expect(passes.map { $0["outcome"] as? String } == ["running", "failed", "applied"])
        #expect(passes[0]["endedAt"] is NSNull)
        #expect(passes[1]["durationMillis"] as? Int == 12_500)
    }
}
