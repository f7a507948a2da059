internal import ConfigMap
internal import Foundation
internal import Testing

@Suite("A configuration of PHP is read without running it")
struct ReadingTests {
    @Test("Keys that can be set have their values, and the others a reason", arguments: ConfigSample.all)
    func reads(_ sample: ConfigSample) throws {
        let config = try PHPConfig(Array(sample.text.utf8))
        var open: [String: String] = [:]
        for (key, entry) in config.entries where key.hasSuffix("_url") || sample.closed[key] != nil {
            switch entry {
            case .string(let range):
                open[key] = String(decoding: PHPString.value(of: config.bytes[range]), as: UTF8.self)
            case .closed(let offset, let why):
                let said = "\(PHPPlace(of: offset, in: config.bytes)) \(why)"
                let expected = sample.closed[key]
                #expect(expected != nil, "\(key) is closed: \(said)")
                for word in (expected ?? "").split(separator: " ", maxSplits: 1) {
                    #expect(said.contains(word), "\(key): \(said)")
                }
            }
        }
        #expect(open == sample.open)
        for key in sample.closed.keys { #expect(config.entries[key] != nil, "\(key) is not seen") }
    }

    @Test(
        "The real PHP sees another value of the key that was set, and no other difference", arguments: ConfigSample.all)
    func setsOneKey(_ sample: ConfigSample) async throws {
        let config = try PHPConfig(Array(sample.text.utf8))
        let keys = sample.open.keys.sorted()
        let new = "http://10.0.0.2:8080/it's\"$x\\"
        let files = keys.map { key in
            config.replacing([key: PHPString.source(of: new, like: config.source(of: key) ?? [])])
        }
        let verdicts = try await RealPHP.read([config.bytes] + files)
        guard case .gives(let before) = verdicts[0] else { throw Unexpected("\(verdicts[0])") }
        for (key, value) in sample.open { #expect(before[key] == RealPHP.serialized(Array(value.utf8)), "\(key)") }
        for (index, key) in keys.enumerated() {
            var after = before
            after[key] = RealPHP.serialized(Array(new.utf8))
            #expect(verdicts[index + 1] == .gives(after), "\(key)")
            let back = try PHPConfig(files[index])
            #expect(back.replacing([key: Array(config.source(of: key) ?? [])]) == config.bytes)
        }
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        let text: String
        let place: String
        let words: String
        var testDescription: String { words + " " + text.prefix(40) }
    }

    static let mistakes = [
        Mistake(text: "<?php\nreturn ['a_url' => 'http://a];\n", place: "2:20", words: "a string does not end"),
        Mistake(text: "<?php\n$config['a_url'] = \"http://a;\n", place: "2:20", words: "a string does not end"),
        Mistake(text: "<?php\n/* never\n$a = 1;", place: "2:1", words: "a comment does not end"),
        Mistake(text: "<?php\nreturn [\n 'a_url' => 'x',\n", place: "2:8", words: "\"[\" is not closed"),
        Mistake(text: "<?php\nreturn [\n 'a_url' => 'x'\n);", place: "4:1", words: "where the \"[\" of 2:8 ends"),
        Mistake(text: "<?php\nreturn ['a_url' => 'x'];\n}", place: "3:1", words: "never opened"),
        Mistake(text: "<?php return [\n 'a_url' => 'x'\n 'b_url' => 'y',\n];", place: "3:2", words: "a comma"),
        Mistake(text: "<?php\r\n$c['a'] = 'x'\r\n$c['b'] = 'y';", place: "3:1", words: "a semicolon"),
        Mistake(text: "<?php\rreturn ['a_url' => ,];", place: "2:20", words: "where a value belongs"),
        Mistake(text: "<?php return ['a_url' => 'x';", place: "1:29", words: "inside a \"[\" that is not closed"),
        Mistake(text: "<?php return ['a_url' => 'x']", place: "1:30", words: "no \";\""),
        Mistake(text: "<?php $a = <<<EOT\nnever\n EOTS\n", place: "1:12", words: "ends with EOT does not"),
        Mistake(text: "<?php $a = \"é {$x\";", place: "1:18", words: "does not end"),
        Mistake(text: "<?php\n$a['x'] = 'u' y;\n", place: "2:15", words: "y stands where a comma"),
    ]

    @Test("A mistake is named with its place, and is one for the real PHP too", arguments: mistakes)
    func names(_ mistake: Mistake) async throws {
        let bytes = Array(mistake.text.utf8)
        do {
            _ = try PHPConfig(bytes)
            Issue.record("it was read")
        } catch {
            #expect("\(PHPPlace(of: error.offset, in: bytes))" == mistake.place)
            #expect(error.text.contains(mistake.words), "\(error.text)")
        }
        try await Scratch.with { scratch in
            try scratch.write(bytes, to: "config.php")
            let lint = try Command.run("/usr/bin/php", ["-l", "\(scratch.path)/config.php"])
            #expect(lint.status != 0, "\(lint.output)")
        }
    }

    @Test("What is too much is refused before it costs anything")
    func bounds() {
        let deep = "<?php return " + String(repeating: "[", count: 100_000)
        let long = "<?php return [" + String(repeating: "1,", count: 200_000) + "];"
        let strings = "<?php $a = " + String(repeating: "\"{$a[", count: 50_000)
        for text in [deep, long, strings] {
            #expect(throws: PHPProblem.self) { try PHPConfig(Array(text.utf8)) }
        }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
