internal import Model
internal import Reconciler

/// A target as a map holds it: `scheme|address|port|host|label`, or `starting`, or `suspended`.
///
/// The initializers are the only way in, and refuse what would read as something else: the map is a text of lines,
/// the fields are split at `|`, and the admin socket has its own `;`, `<<` and `\`.
struct RouteText: Hashable, Sendable {
    static let suspendedWord = "suspended"
    static let startingWord = "starting"

    let text: String

    static let suspended = RouteText(text: suspendedWord)
    static let starting = RouteText(text: startingWord)

    init(_ endpoint: Endpoint, at address: String, label: String) throws(HostError) {
        let operation = "route to \(endpoint)"
        guard (1...Bound.hostBytes).contains(endpoint.host.utf8.count), endpoint.host.utf8.allSatisfy(isHostByte) else {
            throw HostError(operation, .refused, "a host may hold only letters, digits, '.', '-' and '_'")
        }
        guard (1...Bound.labelBytes).contains(label.utf8.count), label.utf8.allSatisfy(isLabelByte) else {
            let rule = "1 to \(Bound.labelBytes) letters, digits and @ . _ - / : + = ~ ,"
            throw HostError(operation, .refused, "\(quoted(label)) cannot be a label, which is \(rule)")
        }
        guard endpoint.port > 0 else { throw HostError(operation, .refused, "0 is not a port to connect to") }
        text = "\(endpoint.scheme.rawValue)|\(address)|\(endpoint.port)|\(endpoint.host)|\(label)"
    }

    private init(text: String) { self.text = text }
}

/// What a line of the live map says.
struct LiveRoute: Hashable, Sendable {
    let target: RouteTarget
    /// `nil` where nothing is connected to.
    let address: String?

    /// `nil` for what this driver does not write: somebody else's edit.
    init?(_ text: String) {
        if text == RouteText.suspendedWord || text == RouteText.startingWord {
            target = text == RouteText.suspendedWord ? .suspended : .starting
            address = nil
            return
        }
        let fields = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 5, let scheme = Endpoint.Scheme(rawValue: fields[0]), let port = UInt16(fields[2]),
            isIPv4(fields[1])
        else { return nil }
        target = .endpoint(Endpoint(scheme: scheme, host: fields[3], port: port), label: fields[4])
        address = fields[1]
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
private func quoted(_ text: String) -> String { String(text.prefix(80)).debugDescription }
