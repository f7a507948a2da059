import Manifest
import Model
import Testing

/// Files made to take the reader's time or memory end in one sentence each, and soon.
@Suite struct BombTests {
    struct Bomb: Sendable, CustomTestStringConvertible {
        let name: String
        let code: String
        let bytes: @Sendable () -> [UInt8]
        var testDescription: String { name }
    }

    static let bombs: [Bomb] = [
        Bomb(name: "100 MB of nesting", code: "limit-bytes") {
            [UInt8](repeating: UInt8(ascii: "["), count: 100 << 20)
        },
        Bomb(name: "900 KB of [", code: "limit-depth") { [UInt8](repeating: UInt8(ascii: "["), count: 900 << 10) },
        Bomb(name: "900 KB of {", code: "limit-depth") { [UInt8](repeating: UInt8(ascii: "{"), count: 900 << 10) },
        Bomb(name: "nested block lists", code: "limit-depth") { Array(String(repeating: "- ", count: 1000).utf8) },
        Bomb(name: "nested explicit keys", code: "limit-depth") { Array(String(repeating: "? ", count: 1000).utf8) },
        Bomb(name: "alias bomb", code: "limit-nodes") { Array(laughs.utf8) },
        Bomb(name: "chain of aliases", code: "limit-depth") { Array(chain.utf8) },
        Bomb(name: "many documents", code: "limit-documents") { Array(String(repeating: "--- a\n", count: 2000).utf8) },
        Bomb(name: "many nodes", code: "limit-nodes") {
            Array(("sandbox: x\nlabels: [" + String(repeating: "a,", count: 200_000) + "]").utf8)
        },
        Bomb(name: "not UTF-8", code: "not-utf8") { Array("sandbox: ".utf8) + [0xff, 0xfe] },
        Bomb(name: "overlong form", code: "not-utf8") { Array("sandbox: ".utf8) + [0xc0, 0xaf] },
        Bomb(name: "surrogate", code: "not-utf8") { Array("sandbox: ".utf8) + [0xed, 0xa0, 0x80] },
        Bomb(name: "character cut off", code: "not-utf8") { Array("sandbox: ".utf8) + [0xe2, 0x82] },
        Bomb(name: "UTF-16", code: "not-utf8") { [0xff, 0xfe] + "sandbox: x".utf8.flatMap { [$0, 0] } },
    ]

    private static let laughs =
        "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + (1...9).map { level in
            "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ","))]\n"
        }.joined()

    private static let chain =
        "a0: &a0 [x]\n" + (1...100).map { "a\($0): &a\($0) [*a\($0 - 1)]\n" }.joined()

    @Test(arguments: bombs) func endsInOneSentence(_ bomb: Bomb) throws {
        let bytes = bomb.bytes()
        let clock = ContinuousClock()
        var file = ParsedFile(path: "a.yaml", bytes: [])
        let duration = clock.measure { file = ParsedFile(path: "a.yaml", bytes: bytes) }
        #expect(file.problems.map(\.code) == [bomb.code])
        #expect(!file.isReadable)
        #expect(file.objects.isEmpty)
        // A bound of safety, not a benchmark: without its limit each of these takes minutes or all memory.
        #expect(duration < .seconds(5))
    }

    /// Every host with every match is a rule: a small file could ask for millions of them.
    @Test func rulesThatMultiplyEndInOneSentenceEach() throws {
        let hosts = (0..<64).map { "h\($0).example" }.joined(separator: ", ")
        let matches = (0..<64).map { "{path: /\($0)}" }.joined(separator: ", ")
        let text =
            "gateway: g\nlisteners: [{name: a, port: 1}]\n"
            + (0..<200).map {
                "---\nroute: r\($0)\nhosts: [\(hosts)]\nrules: [{service: user, matches: [\(matches)]}]\n"
            }
            .joined()
        let clock = ContinuousClock()
        let start = clock.now
        let resolution = Repository.with(text).resolution
        let duration = start.duration(to: clock.now)
        #expect(resolution.problems.map(\.code) == Array(repeating: "limit-rules", count: 200))
        #expect(resolution.routes.isEmpty)
        #expect(duration < .seconds(30))
    }

    @Test func positionOfABadByteIsWhereItStands() throws {
        let file = ParsedFile(path: "a.yaml", bytes: Array("sandbox: x\nowner: é".utf8) + [0x80])
        let problem = try #require(file.problems.first)
        #expect(problem.place.line == 2)
        #expect(problem.place.column == 9)
    }

    @Test func aliasesWithinTheBudgetAreWrittenOut() throws {
        let text = "sandbox: x\nservices: {account: &a {branch: y}, payment: *a}\n"
        let resolution = Repository.with(text).resolution
        #expect(resolution.problems.isEmpty)
        #expect(resolution.sandboxes.values.first?.services.count == 2)
    }
}
