internal import Model

/// A target as the address that the file holds, and back.
enum RouteURL {
    /// Names that never resolve (RFC 2606): requests fail at once, and do not reach the baseline instead.
    private static let nowhere = ".invalid"

    /// Keeps the slash behind a host where the branch ships one: the application may put paths right behind it.
    static func text(of target: RouteTarget, for service: ServiceName, like shipped: [UInt8]) -> String {
        let address =
            switch target {
            case .endpoint(let endpoint, _), .failing(let endpoint, _): "\(endpoint)"
            case .starting: "http://\(service).starting\(nowhere)"
            case .suspended: "http://\(service).suspended\(nowhere)"
            }
        let model = String(decoding: shipped, as: UTF8.self)
        let isBare = split(model)?.rest == "/"
        return isBare ? address + "/" : address
    }

    /// What a value that we did not write leads to; what is no address leads nowhere.
    static func target(of value: [UInt8], for service: ServiceName) -> RouteTarget {
        let label = "\(service)@unknown"
        guard let (scheme, host, port, _) = split(String(decoding: value, as: UTF8.self)) else {
            return .endpoint(Endpoint(scheme: .http, host: "unknown\(nowhere)", port: 80), label: label)
        }
        if host == "\(service).starting\(nowhere)" { return .starting }
        if host == "\(service).suspended\(nowhere)" { return .suspended }
        return .endpoint(Endpoint(scheme: scheme, host: host, port: port), label: label)
    }

    private static func split(
        _ text: String
    ) -> (scheme: Endpoint.Scheme, host: String, port: UInt16, rest: String)? {
        guard let colon = text.firstIndex(of: ":"), let scheme = Endpoint.Scheme(rawValue: text[..<colon].lowercased()),
            text[colon...].hasPrefix("://")
        else { return nil }
        let behind = text[colon...].dropFirst(3)
        let authority = behind.prefix { !"/?#".contains($0) }
        // A name and a password before the host are nobody's business here.
        let halves = authority.suffix(
            from: authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? authority.startIndex
        )
        .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = halves.first, !host.isEmpty else { return nil }
        let port = halves.count == 2 ? UInt16(halves[1]) : scheme.usualPort
        guard let port else { return nil }
        return (scheme, host.lowercased(), port, String(behind.dropFirst(authority.count)))
    }
}
