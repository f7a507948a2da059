import Testing

/// Properties of the source text itself: what the compiler and the formatter do not check.
///
/// An exception stands in the line that needs it, with its reason: `// SAFE: reason`.
@Suite("The text of the sources")
struct WordingTests {
    struct Rule: CustomTestStringConvertible {
        let forbidden: String
        let instead: String
        /// Lines that it must find, and lines that it must let pass.
        let finds: [String]
        var passes: [String] = []
        var inside: [String] = [""]
        /// Whether lines that are only a comment count.
        var readsComments = false
        var testDescription: String { forbidden }
    }

    static let pure = ["Model", "Manifest", "Planner"]

    static let rules = [
        Rule(
            forbidden: #"\bimport (Foundation|FoundationEssentials|Glibc|Musl|Darwin|Dispatch)\b"#,
            instead: "the standard library", finds: ["internal import Foundation", "import Glibc"],
            passes: ["import FoundationX"], inside: pure),
        Rule(
            forbidden: #"\b(async|AsyncSequence|AsyncStream)\b"#, instead: "a value for its caller to act on",
            finds: ["func f() async throws {", "let x: AsyncStream<Int>"], passes: ["let asynchronous = 1"],
            inside: pure),
        Rule(
            forbidden: #"\b(ContinuousClock|SuspendingClock|Date|DispatchTime)\b|\.now\b|\b(clock_gettime|time)\(nil"#,
            instead: "a time that is passed in", finds: ["Date()", "ContinuousClock.now", "clock.now"],
            passes: ["let updated = 1", "nowhere"], inside: pure),
        Rule(
            forbidden: #"\.random\((?!.*using:)|\.(shuffled|randomElement)\(\)|SystemRandomNumberGenerator|\bUUID\b"#,
            instead: "a generator that is passed in",
            finds: ["Int.random(in: 0..<3)", "list.shuffled()", "UUID()"],
            passes: ["Int.random(in: 0..<3, using: &random)"], inside: pure),
        Rule(
            forbidden: #"\bimport Logging\b|\bLogger\("#, instead: "a value that its caller may log",
            finds: ["internal import Logging"], inside: pure),
        Rule(
            forbidden: #"\bTask(<.*>)?(\.detached|\.immediate)?\s*(\(.*\)\s*)?\{"#,
            instead: "a task group, so that somebody waits for it",
            finds: ["Task { await f() }", "Task.detached {", "Task(priority: .low) {", "Task<Void, Never> {"],
            passes: ["struct Task2 {", "withTaskGroup { group in"]),
        Rule(
            forbidden: #"\btry[!?]|\bas!"#, instead: "a typed error, or a reason after 'SAFE:'",
            finds: ["try! f()", "try? f()", "x as! Int"], passes: ["try f()", "x as? Int"]),
        Rule(
            forbidden: #"@unchecked Sendable|nonisolated\(unsafe\)|unsafeBitCast|assumeIsolated"#,
            instead: "Mutex or an actor, or a reason after 'SAFE:'",
            finds: ["final class A: @unchecked Sendable {", "nonisolated(unsafe) var x = 1"]),
        Rule(
            forbidden: #"\b(print|debugPrint|dump|NSLog)\("#, instead: "Logger, or the CLI's output type",
            finds: ["print(x)", "dump(x)"], passes: ["fingerprint(x)", "imprint(x)"]),
        Rule(
            forbidden: #"\b(TODO|FIXME|XXX|HACK)\b"#, instead: "an issue", finds: ["// TODO: later"],
            passes: ["// to do"], readsComments: true),
        Rule(
            forbidden: #"^\s*(public|open) "#, instead: "package: nobody outside uses us as a library",
            finds: ["public struct A {", "    public var b = 1"], passes: ["package struct A {"]),
        Rule(
            forbidden: #"@_exported|@_implementationOnly|@testable"#, instead: "an import that says what it takes",
            finds: ["@_exported import Model"]),
        Rule(
            forbidden: #"\bfatalError\("#, instead: "preconditionFailure with the broken promise, or a typed error",
            finds: ["fatalError(\"no\")"]),
    ]

    @Test("Sources do without", arguments: rules)
    func avoids(_ rule: Rule) throws {
        let pattern = try plain(rule.forbidden)
        for file in try SourceFile.swift() where rule.inside.contains(where: { $0.isEmpty || $0 == file.target }) {
            for (number, line) in rule.readsComments ? file.numbered : file.code
            where line.contains(pattern) && !line.contains("SAFE: ") {
                Issue.record("\(file.path):\(number): use \(rule.instead)")
            }
        }
    }

    @Test("Each rule finds what it is for", arguments: rules)
    func finds(_ rule: Rule) throws {
        let pattern = try plain(rule.forbidden)
        #expect(!rule.finds.isEmpty)
        for line in rule.finds { #expect(line.contains(pattern), "\(line)") }
        for line in rule.passes { #expect(!line.contains(pattern), "\(line)") }
    }

    @Test("The tests read the sources there are")
    func findsFiles() throws {
        let files = try SourceFile.swift()
        #expect(files.contains { $0.path == "Sources/Model/Names/Secret.swift" && $0.target == "Model" })
        #expect(Set(files.map(\.target)).isSuperset(of: Self.pure))
    }

    @Test("Every file fits in one reading: 400 lines")
    func filesFitInOneReading() throws {
        for file in try SourceFile.swift(in: ["Sources", "Tests"]) where file.lines.count > 400 {
            Issue.record("\(file.path) has \(file.lines.count) lines; what are its two subjects?")
        }
    }

    @Test("No name says only that it holds things")
    func names() throws {
        let hollow = try plain(#"(Helper|Util|Utilitie|Utility|Manager|Extension)s?\b"#)
        for file in try SourceFile.swift(in: ["Sources", "Tests"]) {
            let names = file.path.dropLast(".swift".count).split(separator: "/")
            for name in names where name.contains(hollow) {
                Issue.record("\(file.path): \(name) names a place, not a thing; what is it about?")
            }
            if ["Core", "Common", "Shared", "Utils", "Helpers"].contains(file.target) {
                Issue.record("\(file.path): what belongs nowhere is not yet understood")
            }
        }
    }

    /// Where secrets leave their type. Read each of these files before you add another.
    static let revealers: Set<String> = [
        "Sources/AgentTransport/Credentials/JoinToken.swift",
        "Sources/Commands/Nodes/NodeTokenCommand.swift",
        "Sources/Docker/Acting/Creation.swift",
        "Sources/Git/Login/Login.swift",
        "Sources/Git/Source/GitLocation.swift",
        "Sources/Model/Names/Digest.swift",
    ]

    @Test("Secrets are revealed in the files that are known to, and in no other")
    func reveals() throws {
        let files = try SourceFile.swift().filter { file in file.code.contains { $0.text.contains(".reveal()") } }
        let found = Set(files.map(\.path))
        #expect(found.subtracting(Self.revealers).sorted() == [], "these reveal secrets and are not in the list")
        #expect(Self.revealers.subtracting(found).sorted() == [], "these are in the list and reveal nothing")
    }

    @Test(
        "Nothing of one machine or of a public registry is written anywhere",
        arguments: [
            #"(^|[^\w.$}~-])/(home|root|work|Users)/"#,
            #"\b(registry-1\.docker|index\.docker|hub\.docker|ghcr|quay|gcr)\.(io|com)\b|\bmcr\.microsoft\.com\b"#,
            #"\bdocker\.io/|\bregistry\.k8s\.io\b|\bpublic\.ecr\.aws\b"#,
        ])
    func bannedWords(_ words: String) throws {
        let pattern = try plain(words)
        let everything = [
            "Sources", "Tests", "scripts", "examples", "schemas", ".ci", "Makefile", "Package.swift", "README.md",
        ]
        for file in try SourceFile.all(in: everything) {
            for (number, line) in file.numbered where line.contains(pattern) && !line.contains("SAFE: ") {
                Issue.record("\(file.path):\(number): \(line)")
            }
        }
    }
}

/// A pattern over plain characters: a word ends where letters, digits and `_` end.
private func plain(_ pattern: String) throws -> Regex<AnyRegexOutput> {
    try Regex(pattern).wordBoundaryKind(.simple).matchingSemantics(.unicodeScalar)
}
