internal import Model

/// The grammar of addresses: `http://host[:port]` with nothing behind it.
enum EndpointText {
    static func endpoint(_ text: String) -> Endpoint? {
        let scheme: Endpoint.Scheme
        if text.hasPrefix("http://") {
            scheme = .http
        } else if text.hasPrefix("https://") {
            scheme = .https
        } else {
            return nil
        }
        var rest = text.dropFirst(scheme.rawValue.count + 3)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let halves = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), isHost(halves[0]) else { return nil }
        guard halves.count == 2 else {
            return Endpoint(scheme: scheme, host: String(halves[0]), port: scheme == .http ? 80 : 443)
        }
        guard let port = UInt16(halves[1]), port > 0, String(port) == halves[1] else { return nil }
        return Endpoint(scheme: scheme, host: String(halves[0]), port: port)
    }

    /// A DNS name or an IPv4 address: dotted labels of letters, digits, `-` and `_`.
    static func isHost(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 253
            && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
                    && label.utf8.allSatisfy { Paths.isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
            }
    }
}

extension Shape where Value == Endpoint {
    static var endpoint: Shape {
        .parsed(
            .text(pattern: "^https?://[^/]+/?$"),
            "an address; write http://host:port or https://host, without a path", EndpointText.endpoint)
    }
}
