internal import Foundation

/// `README.md`, as far as it can be put to the test.
struct Page {
    struct Block {
        /// The word behind the fence: `console` is run, `yaml` is a repository, `sh` and `text` are only read.
        let language: String
        let lines: [String]
    }
    /// A command, and what the page says that it prints.
    struct Step {
        let command: String
        var output: [String] = []
    }

    let lines: [String]
    let blocks: [Block]

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var blocks: [Block] = []
        var open: (language: String, lines: [String])?
        for line in lines {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(Block(language: block.language, lines: block.lines)) }
                open = open == nil ? (String(line.dropFirst(3)), []) : nil
            } else {
                open?.lines.append(line)
            }
        }
        self.blocks = blocks
    }

    /// The commands of all blocks that are to be run, in order: one story. What is typed into a file (`<<'EOF'`) is part of
    /// its command.
    var steps: [Step] {
        var steps: [Step] = []
        var end: String?
        for line in blocks.filter({ $0.language == "console" }).flatMap(\.lines) {
            if let word = end, let last = steps.indices.last {
                steps[last] = Step(command: "\(steps[last].command)\n\(line)")
                if line == word { end = nil }
            } else if line.hasPrefix("$ ") {
                steps.append(Step(command: String(line.dropFirst(2))))
                end = line.firstMatch(of: /<<'(\w+)'/).map { String($0.1) }
            } else if let last = steps.indices.last {
                steps[last].output.append(line)
            }
        }
        return steps
    }

    /// The commands that the table lists, with what it says of each.
    var table: [String: String] {
        let rows = lines.compactMap { $0.wholeMatch(of: /\| `berth ([a-z-]+)` \| (.*) \|/) }
        return Dictionary(rows.map { (String($0.1), String($0.2)) }) { first, _ in first }
    }

    /// Every mention of a command as code, with the options behind it: `berth reconcile --dry-run`.
    var mentions: [(command: String, options: [String])] {
        let spans = lines.flatMap { $0.matches(of: /`([^`]+)`/).map { String($0.1) } }
        let commands = blocks.filter { ["console", "sh"].contains($0.language) }.flatMap(\.lines)
        return (spans + commands.filter { !$0.hasPrefix("…") }).flatMap { code in
            code.matches(of: /(?:^|\$ |&& |; |: )berth ([a-z-]+)([^;&|`]*)/).map { match in
                (String(match.1), match.2.matches(of: /(?:^| )(--?[a-z][a-z-]*)/).map { String($0.1) })
            }
        }
    }

    /// Whether a command printed what the page says. A line `…` stands for any number of lines; commits, containers,
    /// dates and times are nobody's word.
    static func agrees(_ said: [String], with written: [String]) -> Bool {
        fits(said.map(plain)[...], written.map(plain)[...])
    }

    private static func fits(_ said: ArraySlice<String>, _ written: ArraySlice<String>) -> Bool {
        guard let first = written.first else { return said.isEmpty }
        let rest = written.dropFirst()
        guard first == "…" else { return said.first == first && fits(said.dropFirst(), rest) }
        return fits([], rest) && rest.isEmpty || said.indices.contains { fits(said[$0...], rest) }
    }

    private static func plain(_ line: String) -> String {
        line.replacing(/\b[0-9a-f]{7}([0-9a-f]{5})?\b/, with: "0000000")
            .replacing(/[0-9.]+ (s|ms)\b/, with: "0 s")
            .replacing(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z)?/, with: "then")
            .trimmingCharacters(in: .whitespaces)
    }
}
