internal import Model

/// What the carriers of one request say, before anybody is believed.
///
/// A gateway's program reads them by the same law; see ``Decision``.
struct CarrierReading {
    let request: GatewayRequest

    /// One carrier's claim.
    enum Claim: Hashable {
        case nothing
        case names(String)
        /// There is something, and it is no name: too long, wrongly signed, or not a slug.
        case unreadable
    }

    func header(_ name: String) -> Claim {
        guard let value = request.headers.first(where: { $0.name == name })?.value else { return .nothing }
        let text = Self.trimmed(value[...])
        return text.utf8.count > CarrierBounds.valueBytes ? .unreadable : Self.claim(text)
    }

    func baggage(_ key: String) -> Claim {
        member(key, of: "baggage", bytes: CarrierBounds.baggageBytes, most: CarrierBounds.baggageMembers) {
            // A member may have properties behind a semicolon, and its value is percent-encoded.
            PercentCoding.decoded(Self.trimmed($0.prefix { $0 != ";" }[...]))
        }
    }

    func tracestate(_ key: String) -> Claim {
        member(key, of: "tracestate", bytes: CarrierBounds.tracestateBytes, most: CarrierBounds.tracestateMembers) {
            String(Self.trimmed($0))
        }
    }

    func query(_ name: String) -> Claim {
        guard let query = request.query else { return .nothing }
        guard let value = QueryText(query).values(of: name)?.first else {
            return query.utf8.count > CarrierBounds.queryBytes ? .unreadable : .nothing
        }
        return Self.claim(value[...])
    }

    /// `verify` takes a signed value and says which sandbox it is for.
    func cookie(_ name: String, isSigned: Bool, verify: (String) -> String?) -> Claim {
        guard let cookies = CookieText(request).pairs else { return .unreadable }
        guard let value = cookies.first(where: { $0.name == name })?.value, !value.isEmpty else { return .nothing }
        guard isSigned else { return Self.claim(value[...]) }
        guard value.utf8.count <= CarrierBounds.valueBytes, let named = verify(value) else { return .unreadable }
        return Self.claim(named[...])
    }

    /// All values of a list header, as one list.
    private func member(
        _ key: String, of header: String, bytes: Int, most: Int, read: (Substring) -> String
    ) -> Claim {
        let lines = request.headers.filter { $0.name == header }.map(\.value)
        guard !lines.isEmpty else { return .nothing }
        let text = lines.joined(separator: ",")
        let members = text.split(separator: ",", omittingEmptySubsequences: false)
        guard text.utf8.count <= bytes, members.count <= most else { return .unreadable }
        for member in members {
            guard let equals = member.firstIndex(of: "=") else { continue }
            guard Self.trimmed(member[..<equals]) == key else { continue }
            let value = read(member[member.index(after: equals)...])
            return Self.claim(value[...])
        }
        return .nothing
    }

    /// A name is taken in any case; see ``Slug``.
    private static func claim(_ text: Substring) -> Claim {
        let name = String(text.lowercasedASCII)
        guard !name.isEmpty else { return .nothing }
        return Slug.isSlug(name) ? .names(name) : .unreadable
    }

    static func trimmed(_ text: Substring) -> Substring {
        var rest = text
        while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
        while rest.last == " " || rest.last == "\t" { rest = rest.dropLast() }
        return rest
    }
}

/// The parameters of a query; what is over the bounds has none.
struct QueryText {
    /// As they were sent.
    let parts: [Substring]

    init(_ text: String) {
        let parts = text.split(separator: "&", omittingEmptySubsequences: false)
        let isBounded = text.utf8.count <= CarrierBounds.queryBytes && parts.count <= CarrierBounds.queryParameters
        self.parts = isBounded ? parts : []
    }

    /// Percent-decoded, in order; `nil` where the name does not occur. Names are compared as they were sent.
    func values(of name: String) -> [String]? {
        let values = parts.filter { Self.name(of: $0) == name }
            .map { PercentCoding.decoded($0.dropFirst(name.utf8.count + 1)) }
        return values.isEmpty ? nil : values
    }

    /// The query without a parameter; `nil` where nothing is left.
    func without(_ name: String, of text: String) -> String? {
        guard !parts.isEmpty, parts.contains(where: { Self.name(of: $0) == name }) else { return text }
        let kept = parts.filter { Self.name(of: $0) != name }
        return kept.isEmpty ? nil : kept.joined(separator: "&")
    }

    private static func name(of part: Substring) -> Substring { part.prefix { $0 != "=" } }
}

/// The cookies of a request; `nil` where they are over the bounds.
struct CookieText {
    let pairs: [(name: String, value: String)]?

    init(_ request: GatewayRequest) {
        let text = request.headers.filter { $0.name == "cookie" }.map(\.value).joined(separator: ";")
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard text.utf8.count <= CarrierBounds.cookieBytes, parts.count <= CarrierBounds.cookies else {
            pairs = nil
            return
        }
        pairs = parts.compactMap { part in
            guard let equals = part.firstIndex(of: "=") else { return nil }
            return (
                String(CarrierReading.trimmed(part[..<equals])),
                String(CarrierReading.trimmed(part[part.index(after: equals)...]))
            )
        }
    }
}

/// `%41` is `A`; what is no such triple stays as it is.
enum PercentCoding {
    static func decoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = digit(rest[rest.startIndex]),
                let low = digit(rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension StringProtocol {
    /// Only `A` to `Z` change, as in a proxy.
    package var lowercasedASCII: String {
        String(decoding: utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }
}
