internal import Model

/// What we remember of a sandbox that is let in.
struct SandboxRecord: Hashable, Codable, Sendable {
    /// Where its file is, so that a gateway whose manifest changed gives back what it changed before.
    var map: MapRecord
    var branch = Shipped()
    /// By the key of the file.
    var routes: [String: TargetRecord] = [:]
    /// Whether the file was changed, and Apache was not yet told.
    var needsReload = false
    /// Whether we made the folder of the defaults file.
    var ownsDefaultsFolder = false
}

/// A ``ConfigFileMap``, with the sandbox's name in the place of `{sandbox}` where it is one sandbox's.
struct MapRecord: Hashable, Codable, Sendable {
    let folder: String
    let file: String
    let keyPattern: String
    let defaultsFile: String
    let pidFile: String?

    init(_ map: ConfigFileMap) {
        folder = map.folder
        file = map.file
        keyPattern = map.keyPattern
        defaultsFile = map.defaultsFile
        switch map.reload {
        case .none: pidFile = nil
        case .apacheGraceful(let path): pidFile = path
        }
    }

    private init(of map: MapRecord, for sandbox: SandboxName) {
        let fill = { (text: String) in
            text.split(separator: Self.hole, omittingEmptySubsequences: false).joined(separator: sandbox.text)
        }
        folder = fill(map.folder)
        file = fill(map.file)
        keyPattern = map.keyPattern
        defaultsFile = fill(map.defaultsFile)
        pidFile = map.pidFile.map(fill)
    }

    private static let hole = "{sandbox}"

    var isPerSandbox: Bool { folder.contains(Self.hole) }

    func of(_ sandbox: SandboxName) -> MapRecord { MapRecord(of: self, for: sandbox) }
}

/// A ``RouteTarget`` as it was asked for: of it the file holds only an address.
struct TargetRecord: Hashable, Codable, Sendable {
    private enum Kind: String, Codable { case endpoint, failing, starting, suspended }
    private enum Host: Hashable, Codable { case target, preserve, literal(String) }
    private enum Trust: Hashable, Codable { case system, file(String), unverified }

    let service: String
    private let kind: Kind
    private var label = ""
    private var scheme = ""
    private var host = ""
    private var port: UInt16 = 0
    private var hostHeader = Host.target
    private var trust = Trust.system
    private var isLiteral = false

    init(_ target: RouteTarget, of service: ServiceName) {
        self.service = service.text
        switch target {
        case .endpoint(let endpoint, let label):
            kind = .endpoint
            enter(endpoint, label)
        case .failing(let endpoint, let label):
            kind = .failing
            enter(endpoint, label)
        case .starting: kind = .starting
        case .suspended: kind = .suspended
        }
    }

    /// `nil` for a record that another version wrote.
    var target: RouteTarget? {
        switch kind {
        case .endpoint: endpoint.map { .endpoint($0, label: label) }
        case .failing: endpoint.map { .failing($0, label: label) }
        case .starting: .starting
        case .suspended: .suspended
        }
    }

    private mutating func enter(_ endpoint: Endpoint, _ label: String) {
        self.label = label
        scheme = endpoint.scheme.rawValue
        host = endpoint.host
        port = endpoint.port
        isLiteral = endpoint.isLiteral
        switch endpoint.hostHeader {
        case .target: hostHeader = .target
        case .preserve: hostHeader = .preserve
        case .literal(let name): hostHeader = .literal(name)
        }
        switch endpoint.trust {
        case .system: trust = .system
        case .file(let path): trust = .file(path)
        case .unverified: trust = .unverified
        }
    }

    private var endpoint: Endpoint? {
        guard let scheme = Endpoint.Scheme(rawValue: scheme) else { return nil }
        var endpoint = Endpoint(scheme: scheme, host: host, port: port, isLiteral: isLiteral)
        switch hostHeader {
        case .target: endpoint.hostHeader = .target
        case .preserve: endpoint.hostHeader = .preserve
        case .literal(let name): endpoint.hostHeader = .literal(name)
        }
        switch trust {
        case .system: endpoint.trust = .system
        case .file(let path): endpoint.trust = .file(path)
        case .unverified: endpoint.trust = .unverified
        }
        return endpoint
    }
}
