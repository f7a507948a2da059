internal import Model

/// The grammar of addresses: `http://host[:port]`, or https, grpc or grpcs, with nothing behind it.
enum EndpointText {
    static func endpoint(_ text: String) -> Endpoint? {
        guard let scheme = Endpoint.Scheme.allCases.first(where: { text.hasPrefix("\($0.rawValue)://") }) else {
            return nil
        }
        var rest = text.dropFirst(scheme.rawValue.utf8.count + 3)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let halves = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), isHost(halves[0]) else { return nil }
        guard halves.count == 2 else {
            return Endpoint(scheme: scheme, host: String(halves[0]), port: scheme.usualPort)
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
            } && (!endsInNumber(text) || IPv4(String(text)) != nil)
    }

    /// `127.1` and `0x7f000001` are addresses to most programs, and not the ones they seem to be.
    private static func endsInNumber(_ text: some StringProtocol) -> Bool {
        let last = text.split(separator: ".", omittingEmptySubsequences: false).last.map { $0.lowercased() } ?? ""
        if last.hasPrefix("0x") { return last.utf8.dropFirst(2).allSatisfy { Paths.hexDigits.contains($0) } }
        return last.utf8.allSatisfy { (48...57).contains($0) }
    }
}

extension Shape where Value == Endpoint {
    static var endpoint: Shape {
        .parsed(
            .text(pattern: "^(https?|grpcs?)://[^/]+/?$"),
            "an address; write http://host:port or https://host (or grpc, grpcs), without a path", EndpointText.endpoint
        )
    }
}
