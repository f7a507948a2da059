internal import TestSupport

/// A configuration as nobody would write it and anybody could have.
struct RandomConfig {
    let bytes: [UInt8]
    /// The keys that we must be able to set.
    let plain: Set<String>

    init(using random: inout SplitMix64) {
        var writer = Writer(random: random)
        writer.write()
        random = writer.random
        bytes = writer.bytes
        plain = writer.plain
    }
}

private struct Writer {
    var random: SplitMix64
    var text = ""
    var plain: Set<String> = []
    private var isWindows = false

    init(random: SplitMix64) { self.random = random }

    var bytes: [UInt8] {
        var bytes = Array((isWindows ? text.replacing("\n", with: "\r\n") : text).utf8)
        // A comment in Latin-1, which is no UTF-8.
        if let spot = text.utf8.isEmpty ? nil : bytes.lastIndex(of: UInt8(ascii: "~")) { bytes[spot] = 0xe9 }
        return bytes
    }

    mutating func write() {
        isWindows = random.oneIn(3)
        if random.oneIn(4) { text += "\u{feff}" }
        if random.oneIn(6) { text += "<!-- 'k0_url' => 'html' -->\n" }
        text += "<?php\n"
        text += "$host = 'h'; $t = ['k' => 'v'];\n"
        switch Int.random(in: 0..<3, using: &random) {
        case 0: literal("return ")
        case 1:
            literal("$config = ")
            if random.oneIn(2) { assignments() }
        default: assignments()
        }
        if random.oneIn(5) { text += "?>\n" }
    }

    private mutating func literal(_ start: String) {
        let isShort = random.oneIn(2)
        text += start + (isShort ? "[" : "array(") + space()
        elements(depth: 0)
        text += (isShort ? "]" : ")") + space() + ";" + space()
    }

    private mutating func elements(depth: Int) {
        let count = Int.random(in: 0...6, using: &random)
        for index in 0..<count {
            let name = key()
            if random.oneIn(6), depth < 3 {
                text += quoted(name) + space() + "=>" + space() + "["
                elements(depth: depth + 1)
                text += "]"
                if depth == 0 { plain.remove(name) }
            } else {
                text += quoted(name) + space() + "=>" + space()
                value(of: name, counts: depth == 0)
            }
            if index + 1 < count || random.oneIn(2) { text += space() + "," }
            text += space()
        }
    }

    private mutating func assignments() {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let name = key()
            text += "$config[" + space() + quoted(name) + space() + "]" + space() + "=" + space()
            value(of: name, counts: true)
            text += space() + ";" + space()
        }
    }

    private mutating func key() -> String { "k\(Int.random(in: 0..<5, using: &random))_url" }

    private mutating func quoted(_ name: String) -> String { random.oneIn(3) ? "\"\(name)\"" : "'\(name)'" }

    private mutating func value(of name: String, counts: Bool) {
        let kind = Int.random(in: 0..<14, using: &random)
        if counts { if kind < 9 { plain.insert(name) } else { plain.remove(name) } }
        switch kind {
        case 0..<5: text += "'\(random.oneIn(4) ? #"a\'b\\c\d$host {$host}"# : "http://x\(kind).example")'"
        case 5..<9: text += "\"" + (random.oneIn(3) ? #"q\"\\\$\x41\u{20ac}\7 { $ 1"# : "http://y\(kind)") + "\""
        case 9: text += "\"http://{$t['k']}/$t[k]/${host}\""
        case 10: text += "<<<A\n  'k1_url' => 'doc', {$t[\"k\"]} $host\n  A"
        case 11: text += "<<<'B'\n'k2_url' => 'now' {$\nB"
        case 12: text += "'a' . PHP_VERSION . \"b\""
        default: text += random.oneIn(2) ? "12.5e1" : "null"
        }
    }

    private mutating func space() -> String {
        switch Int.random(in: 0..<9, using: &random) {
        case 0: " // 'k0_url' => 'c', ?\n"
        case 1: "\n  # it's \"~\n"
        case 2: "/* 'k3_url' => 'c'; ]\n */"
        case 3: "\n\t"
        default: " "
        }
    }
}
