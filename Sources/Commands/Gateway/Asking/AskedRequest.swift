package import Model
internal import Planner

/// A request that somebody wants explained, before it is known which gateway it reaches.
package struct AskedRequest: Hashable, Sendable {
    static let mostHeaders = 200

    package private(set) var method: String
    var address: RequestAddress
    /// Without `host`; names in lower case.
    private(set) var headers: [GatewayRequest.Header] = []
    /// What `Host` says, where it is not what the URL says.
    private(set) var hostHeader: String?
    /// The port it connects to, where that is not the URL's.
    package var port: UInt16?
    package var source: String?
    /// The sandbox out of which it is asked, where a person says that instead of an address.
    package var caller: SandboxName?
    package var destination: String?
    /// What was not looked at, a sentence each.
    package internal(set) var notes: [String] = []

    init(method: String, address: RequestAddress) throws(UnreadableRequest) {
        guard !method.isEmpty, method.utf8.count <= 32, method.utf8.allSatisfy(Self.isOfToken) else {
            throw UnreadableRequest("\"\(method)\" is no method; write one such as GET or POST")
        }
        self.method = method
        self.address = address
    }

    /// As the command line says it without curl: `[METHOD] URL`, `name: value` and `name=value` each.
    package init(words: [String], headers: [String] = [], cookies: [String] = []) throws(UnreadableRequest) {
        // `berth explain curl URL -H …`, where the shell has taken the quotes already.
        var words = words[...]
        if words.count > 1, words.first == "curl" { words.removeFirst() }
        guard let url = words.last, words.count <= 2 else {
            throw UnreadableRequest(
                words.isEmpty
                    ? "there is no request; write berth explain URL, or paste a curl command in quotes"
                    : "\"\(words.joined(separator: " "))\" is not [METHOD] URL; put a whole curl command in quotes")
        }
        let method =
            words.count == 2 ? String(decoding: words[words.startIndex].utf8.map(Self.upper), as: UTF8.self) : "GET"
        try self.init(method: method, address: try RequestAddress(url))
        for header in headers { try add(header: header) }
        for cookie in cookies { try add(cookie: cookie) }
    }

    /// What reaches a gateway on one of its ports.
    package func request(at port: UInt16) -> GatewayRequest {
        GatewayRequest(
            method: method, host: hostHeader ?? address.host, port: port, path: address.path, query: address.query,
            headers: headers, source: source, destination: destination)
    }

    // MARK: Headers

    /// `name: value`; `name;` has an empty value. Returns the name of one that is only said not to be sent: `name:`.
    @discardableResult
    mutating func add(header text: String) throws(UnreadableRequest) -> String? {
        guard !text.hasPrefix("@") else {
            throw UnreadableRequest("-H \(text): a file of headers is not read; write them down")
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw UnreadableRequest("-H \"\(Columns.clean(text))\" is more than one line; a header is one")
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let isBare = parts.count < 2 && text.hasSuffix(";")
        let name = Self.trimmed(isBare ? text.dropLast() : parts[0]).lowercasedASCII
        guard isBare || parts.count == 2, !name.isEmpty, name.utf8.allSatisfy(Self.isOfToken) else {
            throw UnreadableRequest("-H \"\(text)\" is no header; write 'name: value'")
        }
        let value = parts.count == 2 ? String(Self.trimmed(parts[1])) : ""
        if parts.count == 2, value.isEmpty { return name }
        try add(name, value)
        return nil
    }

    mutating func add(_ name: String, _ value: String) throws(UnreadableRequest) {
        guard headers.count < Self.mostHeaders else {
            throw UnreadableRequest("more than \(Self.mostHeaders) headers are not read")
        }
        guard name != "host" else {
            let host = value.prefix { $0 != ":" }.lowercasedASCII
            hostHeader = host
            return
        }
        headers.append(GatewayRequest.Header(name, value))
    }

    /// `a=1; b=2`. What has no `=` is the name of a file, as curl takes it.
    mutating func add(cookie text: String) throws(UnreadableRequest) {
        guard text.contains("="), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw UnreadableRequest("-b \"\(Columns.clean(text))\" is no cookie, and no file is read; write name=value")
        }
        try add("cookie", text)
    }

    func has(_ name: String) -> Bool { headers.contains { $0.name == name } }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" }
        return start.dropLast(start.reversed().prefix { $0 == " " || $0 == "\t" }.count)
    }

    private static func upper(_ byte: UInt8) -> UInt8 { (97...122).contains(byte) ? byte - 32 : byte }

    /// RFC 9110, 5.6.2.
    private static func isOfToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
