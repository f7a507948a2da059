internal import Planner

/// What a URL says of where a request goes and what for.
struct RequestAddress: Hashable, Sendable {
    enum Scheme: String, Hashable, Sendable, CaseIterable {
        case http, https, ws, wss

        var usualPort: UInt16 {
            switch self {
            case .http, .ws: 80
            case .https, .wss: 443
            }
        }
    }

    /// How curl is told to take it.
    struct Reading: Hashable, Sendable {
        /// `[1-3]` and `{a,b}` stand for several URLs.
        var globs = true
        /// `/a/../b` is sent as it is.
        var keepsDots = false
    }

    static let mostBytes = 16_384

    let scheme: Scheme
    /// Lower case.
    let host: String
    /// Where the URL names one.
    let port: UInt16?
    let path: String
    var query: String?

    init(_ text: String, reading: Reading = Reading()) throws(UnreadableRequest) {
        guard text.utf8.count <= Self.mostBytes else {
            throw UnreadableRequest("a URL of more than \(Self.mostBytes) bytes is not read")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw UnreadableRequest("\"\(text)\" is no URL: it has a space; write %20")
        }
        if reading.globs, text.contains(where: { "{}[]".contains($0) }) {
            throw UnreadableRequest(
                "\"\(text)\" stands for several URLs, or has an IPv6 address; ask about one request at a time")
        }
        var rest = text[...]
        if let separator = rest.firstRange(of: "://") {
            let word = String(rest[..<separator.lowerBound].lowercasedASCII)
            guard let scheme = Scheme(rawValue: word) else {
                throw UnreadableRequest("\"\(text)\" does not go through a gateway; it takes http:// and https://")
            }
            self.scheme = scheme
            rest = rest[separator.upperBound...]
        } else {
            scheme = .http
        }
        let authority = rest.prefix { !"/?#".contains($0) }
        rest = rest.dropFirst(authority.count)
        (host, port) = try Self.read(authority, in: text)

        rest = rest.prefix { $0 != "#" }
        let asked = rest.prefix { $0 != "?" }
        query = asked.count < rest.count ? Self.encoded(rest.dropFirst(asked.count + 1)) : nil
        let path = asked.isEmpty ? "/" : Self.encoded(asked)
        self.path = reading.keepsDots ? path : Self.withoutDots(path)
    }

    private static func read(
        _ authority: Substring, in text: String
    ) throws(UnreadableRequest) -> (String, UInt16?) {
        // A name and password before the `@` say nothing of the way.
        let name = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = parts.first.map { $0.lowercasedASCII } ?? ""
        guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(isOfHost) else {
            throw UnreadableRequest(
                "\"\(text)\" is no URL: it needs a host of letters, digits, dots and dashes, such as "
                    + "http://qa.dev.example.com/login")
        }
        guard parts.count == 2, !parts[1].isEmpty else { return (host, nil) }
        guard let port = UInt16(parts[1]), port > 0, parts[1].utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw UnreadableRequest("\"\(text)\" is no URL: a port is a number from 1 to 65535")
        }
        return (host, port)
    }

    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Only ASCII goes over the wire.
    private static func encoded(_ text: Substring) -> String {
        text.utf8.map { byte in
            guard byte >= 0x80 else { return String(Unicode.Scalar(byte)) }
            return "%" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    /// As curl and browsers take `.` and `..` out of a path before they ask (RFC 3986, 5.2.4).
    private static func withoutDots(_ path: String) -> String {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        var kept: [Substring] = []
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}
