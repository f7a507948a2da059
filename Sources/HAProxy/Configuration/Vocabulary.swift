internal import Model
internal import Reconciler

/// The texts of a manifest that become part of the configuration or the program, in the forms that cannot change its
/// meaning.
struct Vocabulary: Hashable {
    /// Lower case, without a leading or trailing dot.
    let baseDomain: String?
    /// Every way to verify a target, in order: the word of ``RouteText`` for it, its backend, and what its server line
    /// says.
    let trusts: [Trust]

    struct Trust: Hashable {
        let key: String
        let backend: String
        let server: String
    }

    init(_ gateway: DesiredGateway, authorities: String) throws(HostError) {
        let operation = "configure gateway \(gateway.name)"
        let domain = gateway.baseDomain.map { $0.lowercased().split(separator: ".", omittingEmptySubsequences: false) }
        if let domain {
            let isGood = domain.allSatisfy {
                !$0.isEmpty && $0.utf8.count <= 63 && $0.utf8.allSatisfy(Self.isLabelByte)
            }
            guard isGood, !domain.isEmpty, domain.map(\.utf8.count).reduce(domain.count - 1, +) <= Bound.hostBytes
            else {
                let wrong = gateway.baseDomain ?? ""
                throw HostError(operation, .refused, "\"\(wrong)\" is not a domain such as sandbox.example.com")
            }
        }
        baseDomain = domain?.joined(separator: ".")
        try Self.checkNames(gateway, operation)
        try Self.checkListeners(gateway, operation)
        let files = gateway.authorities.sorted()
        for file in files { try Self.checkFile(file, operation) }
        trusts =
            [
                Trust(
                    key: RouteText.word(.system), backend: "system",
                    server: "verify required ca-file \(authorities)"),
                Trust(key: RouteText.word(.unverified), backend: "unverified", server: "verify none"),
            ]
            + files.enumerated().map { number, file in
                Trust(
                    key: RouteText.word(.file(file)), backend: "authority-\(number + 1)",
                    server: "verify required ca-file \(file)")
            }
    }

    private static func checkNames(_ gateway: DesiredGateway, _ operation: String) throws(HostError) {
        let answers = [gateway.responseHeaders.route, gateway.responseHeaders.conflict].compactMap(\.self)
        for header in answers + gateway.selection.compactMap(\.header) where !isHeader(header) {
            let rule = "use a-z, 0-9, '-' and '_'"
            throw HostError(operation, .refused, "\"\(header.lowercased())\" cannot be a header name; \(rule)")
        }
        for name in gateway.selection.compactMap(\.key) {
            guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(isKeyByte) else {
                let rule = "use letters, digits and _ - . * /"
                throw HostError(operation, .refused, "\"\(name)\" cannot be the name of a carrier; \(rule)")
            }
        }
    }

    private static func checkListeners(_ gateway: DesiredGateway, _ operation: String) throws(HostError) {
        guard !gateway.listeners.isEmpty else {
            throw HostError(operation, .refused, "it has neither a web port nor sandbox ports to listen on")
        }
        var taken: [UInt16: String] = [:]
        for listener in gateway.listeners {
            if let file = listener.certificate { try checkFile(file, operation) }
            let ports = listener.role.ports
            guard !ports.contains(0) else {
                throw HostError(operation, .refused, "0 is not a port to listen on")
            }
            if case .inside = listener.role { continue }
            for port in ports {
                if let other = taken.updateValue(listener.name, forKey: port) {
                    let both = "listeners \(other) and \(listener.name)"
                    throw HostError(operation, .refused, "\(both) have port \(port); give one of them another")
                }
            }
        }
    }

    private static func checkFile(_ path: String, _ operation: String) throws(HostError) {
        guard path.hasPrefix("/"), path.utf8.allSatisfy(isPathByte) else {
            let rule = "start with / and hold only letters, digits and / . _ - @ + = ,"
            throw HostError(operation, .refused, "the path of a certificate must \(rule), unlike \"\(path)\"")
        }
    }

    private static func isHeader(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isTokenByte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool { isLabelByte(byte) || byte == UInt8(ascii: "_") }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "_-.*/".utf8.contains(byte) }
}

/// What may stand in a path without meaning something to the configuration or the admin socket.
func isPathByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "/._-@+=,".utf8.contains(byte) }

extension Selector {
    fileprivate var header: String? { if case .header(let name) = self { name } else { nil } }

    /// The name that is looked for inside a header, the query or the cookies.
    fileprivate var key: String? {
        switch self {
        case .port, .sourceNetwork, .host, .header: nil
        case .baggage(let key), .tracestate(let key): key
        case .query(let name, _), .cookie(let name, _): name
        }
    }
}

extension GatewayListener.Role {
    var ports: [UInt16] {
        switch self {
        case .web(let port): [port]
        case .sandboxes(let range): Array(range)
        case .inside(let ports): ports
        }
    }
}
