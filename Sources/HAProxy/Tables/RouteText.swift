internal import Model
internal import Reconciler

/// A target as a map holds it: `state|scheme|address|port|host|label|host header|trust|author`, or `starting`, or
/// `suspended`.
///
/// The initializers are the only way in, and refuse what would read as something else: the map is a text of lines,
/// the fields are split at `|`, and the admin socket has its own `;`, `<<` and `\`.
struct RouteText: Hashable, Sendable {
    static let suspendedWord = "suspended"
    static let startingWord = "starting"
    static let servingWord = "serving"
    static let failingWord = "failing"
    /// Instead of an address, where the name has none.
    static let nowhere = "-"

    let text: String

    static let suspended = RouteText(text: suspendedWord)
    static let starting = RouteText(text: startingWord)

    /// Without an address, requests are answered that the name leads nowhere.
    init(_ endpoint: Endpoint, at address: String?, label: String, isFailing: Bool = false) throws(HostError) {
        let operation = "route to \(endpoint)"
        guard (1...Bound.hostBytes).contains(endpoint.host.utf8.count), endpoint.host.utf8.allSatisfy(isHostByte) else {
            throw HostError(operation, .refused, "a host may hold only letters, digits, '.', '-' and '_'")
        }
        guard (1...Bound.labelBytes).contains(label.utf8.count), label.utf8.allSatisfy(isLabelByte) else {
            let rule = "1 to \(Bound.labelBytes) letters, digits and @ . _ - / : + = ~ ,"
            throw HostError(operation, .refused, "\(quoted(label)) cannot be a label, which is \(rule)")
        }
        guard endpoint.port > 0 else { throw HostError(operation, .refused, "0 is not a port to connect to") }
        if case .literal(let host) = endpoint.hostHeader {
            guard (1...Bound.hostBytes).contains(host.utf8.count),
                host.utf8.allSatisfy({ isHostByte($0) || $0 == UInt8(ascii: ":") })
            else {
                throw HostError(
                    operation, .refused, "\(quoted(host)) cannot be a Host header: write a name or name:port")
            }
        }
        if case .file(let path) = endpoint.trust, !path.hasPrefix("/") || !path.utf8.allSatisfy(isPathByte) {
            throw HostError(operation, .refused, "\(quoted(path)) cannot be a file of certificates: write a plain path")
        }
        let fields = [
            isFailing ? Self.failingWord : Self.servingWord, endpoint.scheme.rawValue, address ?? Self.nowhere,
            "\(endpoint.port)", endpoint.host, label, Self.word(endpoint.hostHeader), Self.word(endpoint.trust),
            endpoint.isLiteral ? "literal" : "known",
        ]
        text = fields.joined(separator: "|")
    }

    private init(text: String) { self.text = text }

    /// What a map should hold instead of `text`; `nil` where it should hold nothing. Without its route a sandbox would
    /// be answered by the baseline, so that one of a sandbox that cannot be read has its requests wait.
    static func kept(_ text: String, of mapKey: String) -> String? {
        guard let key = RouteKey(mapKey: mapKey) else { return nil }
        if let route = LiveRoute(text), let kept = route.isOfFormerVersion ? route.rewritten?.text : text {
            return kept
        }
        return key.sandbox == nil ? nil : startingWord
    }

    static func word(_ header: Endpoint.HostHeader) -> String {
        switch header {
        case .target: "target"
        case .preserve: "preserve"
        case .literal(let host): "=\(host)"
        }
    }

    static func word(_ trust: Endpoint.Trust) -> String {
        switch trust {
        case .system: "system"
        case .unverified: "unverified"
        case .file(let path): path
        }
    }
}

/// What a line of the live map says.
struct LiveRoute: Hashable, Sendable {
    let target: RouteTarget
    /// `nil` where nothing is connected to.
    let address: String?
    /// Written as `scheme|address|port|host|label`, which the proxy cannot read any more.
    let isOfFormerVersion: Bool

    /// `nil` for what no driver writes: somebody else's edit.
    init?(_ text: String) {
        if text == RouteText.suspendedWord || text == RouteText.startingWord {
            target = text == RouteText.suspendedWord ? .suspended : .starting
            address = nil
            isOfFormerVersion = false
            return
        }
        var fields = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        isOfFormerVersion = fields.count == 5
        if isOfFormerVersion {
            fields =
                [RouteText.servingWord] + fields + [RouteText.word(.target), RouteText.word(.system), "known"]
        }
        guard fields.count == 9, let scheme = Endpoint.Scheme(rawValue: fields[1]), let port = UInt16(fields[3]),
            isIPv4(fields[2]) || fields[2] == RouteText.nowhere, let header = Self.hostHeader(fields[6]),
            let trust = Self.trust(fields[7]), ["literal", "known"].contains(fields[8])
        else { return nil }
        let endpoint = Endpoint(
            scheme: scheme, host: fields[4], port: port, hostHeader: header, trust: trust,
            isLiteral: fields[8] == "literal")
        switch fields[0] {
        case RouteText.servingWord: target = .endpoint(endpoint, label: fields[5])
        case RouteText.failingWord: target = .failing(endpoint, label: fields[5])
        default: return nil
        }
        address = isIPv4(fields[2]) ? fields[2] : nil
    }

    /// As this version writes it.
    fileprivate var rewritten: RouteText? {
        guard case .endpoint(let endpoint, let label) = target else { return nil }
        do throws(HostError) { return try RouteText(endpoint, at: address, label: label) } catch { return nil }
    }

    private static func hostHeader(_ word: String) -> Endpoint.HostHeader? {
        if word.hasPrefix("=") { return .literal(String(word.dropFirst())) }
        return [Endpoint.HostHeader.target, .preserve].first { RouteText.word($0) == word }
    }

    private static func trust(_ word: String) -> Endpoint.Trust? {
        if word.hasPrefix("/") { return .file(word) }
        return [Endpoint.Trust.system, .unverified].first { RouteText.word($0) == word }
    }
}

extension RouteKey {
    /// The key as the map holds it: `sandbox:service`, `:service`.
    init?(mapKey: String) {
        let parts = mapKey.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        do throws(InvalidName) {
            let sandbox = try parts[0].isEmpty ? nil : SandboxName(parts[0])
            self.init(sandbox: sandbox, service: try ServiceName(parts[1]))
        } catch {
            return nil
        }
    }
}

private func isHostByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
}

private func isLabelByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "@._-/:+=~,".utf8.contains(byte) }

func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: false
    }
}

/// A text from outside, safe to print in one line.
func quoted(_ text: String) -> String { String(text.prefix(80)).debugDescription }
