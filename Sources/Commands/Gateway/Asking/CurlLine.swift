internal import Model
internal import Planner

/// A curl command, as far as it says where a request goes. It is never run, and no file it names is read.
struct CurlLine {
    /// What `--resolve` and `--connect-to` say of a host and port; empty and `nil` are any.
    private struct Detour {
        let host: String
        let port: UInt16?
        let address: String?
        let newPort: UInt16?
    }

    private var method: String?
    private var urls: [String] = []
    private var headers: [String] = []
    private var cookies: [String] = []
    private var agent: String?
    private var referer: String?
    private var range: String?
    private var upload: String?
    private var bodies: [(kind: CurlOption.Body, text: String)] = []
    private var detours: [Detour] = []
    private var isGet = false
    private var isHead = false
    private var reading = RequestAddress.Reading()
    private var notes: [String] = []

    init(_ words: [String]) throws(UnreadableRequest) {
        var rest = words[...]
        // `$ curl`, with the prompt.
        if rest.first == "$" { rest.removeFirst() }
        guard let program = rest.popFirst(), program == "curl" || program.hasSuffix("/curl") else {
            throw UnreadableRequest("this is no curl command; it begins with curl")
        }
        var hasOptions = true
        while let word = rest.popFirst() {
            if hasOptions, word == "--" {
                hasOptions = false
            } else if hasOptions, word.hasPrefix("--") {
                try take(long: word, &rest)
            } else if hasOptions, word.hasPrefix("-") {
                try take(letters: word, &rest)
            } else {
                urls.append(word)
            }
        }
    }

    // MARK: Reading

    private mutating func take(long word: String, _ rest: inout ArraySlice<String>) throws(UnreadableRequest) {
        guard let option = CurlOption.named(String(word.dropFirst(2))) else { throw Self.unknown(word) }
        guard option.takesValue else { return try take(option, word, "") }
        guard let value = rest.popFirst() else { throw UnreadableRequest("\(word) needs a value") }
        try take(option, word, value)
    }

    /// `-sSL`, `-XPOST`, `-sXPOST`, `-X POST`.
    private mutating func take(letters word: String, _ rest: inout ArraySlice<String>) throws(UnreadableRequest) {
        guard word != "-" else { throw UnreadableRequest("\"-\" is no URL") }
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = CurlOption.lettered(letter) else { throw Self.unknown("-\(letter)") }
            guard option.takesValue else {
                try take(option, "-\(letter)", "")
                continue
            }
            guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                throw UnreadableRequest("-\(letter) needs a value")
            }
            return try take(option, "-\(letter)", value)
        }
    }

    private static func unknown(_ option: String) -> UnreadableRequest {
        UnreadableRequest(
            "\(Columns.clean(option)) is no option of curl that is known here; leave it out, or write berth explain "
                + "METHOD URL -H 'name: value'")
    }

    private mutating func take(
        _ option: CurlOption, _ word: String, _ value: String
    ) throws(UnreadableRequest) {
        switch option {
        case .ignored, .ignoredValue: break
        case .unseenValue: notes.append("\(word) is not looked at: no authorization is sent")
        case .method: method = value
        case .header: headers.append(value)
        case .cookie: cookies.append(value)
        case .url: urls.append(value)
        case .agent: agent = value
        case .referer: referer = value
        case .range: range = value
        case .upload: upload = value
        case .resolve: detours.append(try Self.resolved(value, word))
        case .connect: detours.append(try Self.connected(value, word))
        case .body(let kind): bodies.append((kind, value))
        case .get: isGet = true
        case .head: isHead = true
        case .globsOff: reading.globs = false
        case .keepsDots: reading.keepsDots = true
        case .refused(let reason): throw UnreadableRequest("\(word): \(reason)")
        }
    }

    /// `host:port:address`, perhaps with a `+` before it.
    private static func resolved(_ value: String, _ word: String) throws(UnreadableRequest) -> Detour {
        let parts = fields(value.hasPrefix("+") ? value.dropFirst() : value[...])
        guard parts.count >= 3, let port = UInt16(parts[1]) else {
            throw UnreadableRequest("\(word) \"\(value)\" is not HOST:PORT:ADDRESS")
        }
        return Detour(host: parts[0] == "*" ? "" : parts[0], port: port, address: parts[2], newPort: nil)
    }

    /// `host:port:otherhost:otherport`, each of which may be empty.
    private static func connected(_ value: String, _ word: String) throws(UnreadableRequest) -> Detour {
        let parts = fields(value[...])
        guard parts.count == 4, [parts[1], parts[3]].allSatisfy({ $0.isEmpty || UInt16($0) != nil }) else {
            throw UnreadableRequest("\(word) \"\(value)\" is not HOST1:PORT1:HOST2:PORT2")
        }
        return Detour(
            host: parts[0], port: UInt16(parts[1]), address: parts[2].isEmpty ? nil : parts[2],
            newPort: UInt16(parts[3]))
    }

    private static func fields(_ text: Substring) -> [String] {
        text.split(separator: ":", omittingEmptySubsequences: false).map { $0.lowercasedASCII }
    }

    // MARK: What is asked

    func asked() throws(UnreadableRequest) -> AskedRequest {
        guard let url = urls.first, urls.count == 1 else {
            throw UnreadableRequest(
                urls.isEmpty
                    ? "the command names no URL" : "the command names \(urls.count) URLs; ask about one at a time")
        }
        var address = try RequestAddress(url, reading: reading)
        if isGet { try putBodiesInto(&address) }
        var asked = try AskedRequest(method: spokenMethod, address: address)
        try addHeaders(to: &asked)
        // The first that fits, as curl has it.
        let port = address.port ?? address.scheme.usualPort
        if let detour = detours.first(where: {
            ($0.host.isEmpty || $0.host == address.host) && ($0.port.map { $0 == port } ?? true)
        }) {
            asked.port = detour.newPort
            asked.destination = detour.address.flatMap { IPv4($0) }.map { "\($0)" }
        }
        asked.notes = notes
        if asked.method != asked.method.uppercased() {
            asked.notes.append(
                "methods are told apart by case: \(asked.method) is not \(asked.method.uppercased())")
        }
        return asked
    }

    private var spokenMethod: String {
        if let method { return method }
        if isHead { return "HEAD" }
        if upload != nil { return "PUT" }
        return bodies.isEmpty || isGet ? "GET" : "POST"
    }

    private func addHeaders(to asked: inout AskedRequest) throws(UnreadableRequest) {
        var unsent: Set<String> = []
        for header in headers { if let name = try asked.add(header: header) { unsent.insert(name) } }
        for cookie in cookies { try asked.add(cookie: cookie) }
        for (name, value) in standardHeaders where !asked.has(name) && !unsent.contains(name) {
            try asked.add(header: "\(name): \(value)")
        }
    }

    /// What curl sends where nobody says otherwise. Its version is that of no one in particular.
    private var standardHeaders: [(name: String, value: String)] {
        let isJSON = bodies.contains { $0.kind == .json }
        var standard = [("user-agent", agent ?? "curl/8.0.0"), ("accept", isJSON ? "application/json" : "*/*")]
        if let referer { standard.append(("referer", referer)) }
        if let range { standard.append(("range", "bytes=\(range)")) }
        guard !isGet, let kind = bodies.last?.kind else { return standard }
        switch kind {
        case .data, .raw, .encoded: standard.append(("content-type", "application/x-www-form-urlencoded"))
        case .json: standard.append(("content-type", "application/json"))
        case .form: standard.append(("content-type", "multipart/form-data"))
        }
        return standard
    }

    /// `-G`: what would be the body becomes the query.
    private func putBodiesInto(_ address: inout RequestAddress) throws(UnreadableRequest) {
        for (kind, text) in bodies {
            let isFile = text.hasPrefix("@") && kind != .raw || kind == .encoded && Self.namesFile(text)
            guard !isFile else { throw UnreadableRequest("-G with \"\(text)\": no file is read; write what is in it") }
            guard kind != .form else { throw UnreadableRequest("-G does not go with -F") }
            let part = kind == .encoded ? Self.encoded(text) : text
            guard part.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw UnreadableRequest("-G with \"\(Columns.clean(text))\" makes no URL; use --data-urlencode")
            }
            address.query = address.query.map { $0.isEmpty ? part : "\($0)&\(part)" } ?? part
        }
    }

    /// `name@file`
    private static func namesFile(_ text: String) -> Bool {
        guard let mark = text.first(where: { $0 == "=" || $0 == "@" }) else { return false }
        return mark == "@"
    }

    /// `content`, `=content` or `name=content`, of which the content is encoded.
    private static func encoded(_ text: String) -> String {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return percent(text) }
        return parts[0].isEmpty ? percent(parts[1]) : "\(parts[0])=\(percent(parts[1]))"
    }

    private static func percent(_ text: some StringProtocol) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                return String(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                return "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }.joined()
    }
}

extension AskedRequest {
    /// A curl command as it was pasted.
    package init(curl text: String) throws(UnreadableRequest) {
        let words = try ShellWords(text)
        self = try CurlLine(words.words).asked()
        notes = words.notes + notes
    }

    /// Whether a text is meant as a curl command rather than a URL.
    package static func isCurl(_ text: String) -> Bool {
        let words = text.split(maxSplits: 1, omittingEmptySubsequences: true) { $0.isWhitespace }
        return words.count == 2 && (words[0] == "curl" || words[0] == "$" || words[0].hasSuffix("/curl"))
    }
}
