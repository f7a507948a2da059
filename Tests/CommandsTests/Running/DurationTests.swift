import Commands
import Testing

@Suite("Durations on the command line")
struct DurationTests {
    @Test(
        "A number and a unit are a duration",
        arguments: [
            ("1s", 1), ("30s", 30), ("90s", 90), ("5m", 300), ("2h", 7200), ("24h", 86_400), ("86400s", 86_400),
            ("1440m", 86_400),
        ])
    func reads(_ text: String, _ seconds: Int) throws { #expect(try parseDuration(text) == .seconds(seconds)) }

    @Test(
        "Anything else is refused with an example of how to write it",
        arguments: [
            "", "s", "5", "0s", "-1s", "1.5s", "5 m", "5d", "25h", "86401s", "five m", "5mm", "0x5s", "٥s",
            "9223372036854775807h", "99999999999999999999s",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: (any Error).self) { try parseDuration(text) }
        #expect(error.map { "\($0)" }?.contains("30s, 5m or 2h") == true)
    }

    @Test(
        "What is kept may be kept for days",
        arguments: [("7d", 604_800), ("36h", 129_600), ("365d", 31_536_000), ("5s", 5)])
    func readsLong(_ text: String, _ seconds: Int) throws {
        #expect(try parseLongDuration(text) == .seconds(seconds))
    }

    @Test("But not for ever", arguments: ["d", "0d", "366d", "-1d", "1.5d", "7", "7w"])
    func refusesLong(_ text: String) { #expect(throws: (any Error).self) { try parseLongDuration(text) } }
}
