internal import Glibc
internal import Model
internal import Reconciler

/// The configuration of a gateway's proxy, and its program. They hold no sandbox, no route and no rule: those are in
/// the maps, so that they change only with the gateway itself.
struct ConfigurationText: Hashable {
    let digest: Digest
    let text: String
    let program: Program

    init(_ gateway: DesiredGateway, in folder: GatewayFolder, authorities: String) throws(HostError) {
        let vocabulary = try Vocabulary(gateway, authorities: authorities)
        program = Program(gateway, vocabulary, in: folder)
        // The program is named by its content, which enters the digest thereby.
        let body = Self.body(gateway, vocabulary, folder, program, authorities)
        digest = Digest(of: body)
        // The running process repeats its description, so that what runs can be told from what merely lies on disk.
        text = "# berth \(digest)\n" + body.replacing(Self.nobody, with: "description \(describe(digest))")
    }

    private static let nobody = "description nobody"

    private static func body(
        _ gateway: DesiredGateway, _ words: Vocabulary, _ folder: GatewayFolder, _ program: Program,
        _ authorities: String
    ) -> String {
        let sections =
            [globals(folder, program), defaults] + Frontend(gateway: gateway, folder: folder).sections
            + Backends.sections(words) + [contents(gateway, authorities)]
        return sections.joined(separator: "\n\n") + "\n"
    }

    /// What the files of certificates hold, so that a renewed one makes another configuration: a process reads them only
    /// when it starts.
    private static func contents(_ gateway: DesiredGateway, _ authorities: String) -> String {
        let files = Set(gateway.listeners.compactMap(\.certificate)).union(gateway.authorities).union([authorities])
        let lines = files.filter { $0.hasPrefix("/") }.sorted().map { path in
            "# \(path) holds \(digest(ofFile: path)?.text ?? "nothing that can be read")"
        }
        return (["# certificates"] + lines).joined(separator: "\n")
    }

    private static func digest(ofFile path: String) -> Digest? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < Bound.certificateBytes {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return Digest(of: bytes)
    }

    private static func globals(_ folder: GatewayFolder, _ program: Program) -> String {
        // `noreuseport`: two proxies that share a port split its requests between two sets of maps, silently.
        """
        global
            \(nobody)
            stats socket \(folder.adminSocket) level admin mode 600 expose-fd listeners
            maxconn \(Bound.connections)
            nbthread \(Bound.threads)
            hard-stop-after \(Bound.tunnelSeconds)s
            noreuseport
            no strict-limits
            lua-load-per-thread \(folder.program(program.digest))
        """
    }

    // `idle-close-on-response`: a process that is replaced says goodbye with its next answer, rather than closing a
    // kept-alive connection under a request that is on its way.
    // `http-no-delay`: without it each piece of a chunked answer, such as an event, is held back for 200 ms.
    // `timeout client` is as long as for tunnels: a client of a stream may be silent for as long as its target, and only
    // the target's side can be told apart by request. Heads and idle connections have bounds of their own.
    private static let defaults = """
        defaults
            mode http
            timeout connect \(Bound.connectSeconds)s
            timeout client \(Bound.tunnelSeconds)s
            timeout server \(Bound.idleSeconds)s
            timeout tunnel \(Bound.tunnelSeconds)s
            timeout http-keep-alive \(Bound.keepAliveSeconds)s
            timeout http-request \(Bound.requestHeadSeconds)s
            option http-keep-alive
            option http-no-delay
            option idle-close-on-response
            option forwardfor
            http-reuse safe
            retries \(Bound.retries)
            retry-on conn-failure empty-response
        """
}

/// What `show info` says of a process with this configuration.
func describe(_ digest: Digest) -> String { "berth \(digest)" }
