internal import Foundation

/// Debian's lighttpd with `git http-backend`, which lets in one user by password, behind HAProxy, which speaks TLS with
/// a certificate that this machine trusts for as long.
final class GitWebServer {
    /// What libgit2 trusts.
    private static let authorities = "/etc/ssl/certs/ca-certificates.crt"

    private let port: UInt16
    private let servers: [Program]

    /// Serves the repositories of the folder `repositories` while `body` runs.
    static func scenario(
        _ repositories: String, user: String, password: String, in scratch: String,
        _ body: (GitWebServer) async throws -> Void
    ) async throws {
        let folder = scratch + "/web"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        let lines = """
            set -e; cd \(folder)
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
                -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem
            cat cert.pem key.pem >server.pem
            cat \(authorities) cert.pem >authorities.pem
            mount --bind authorities.pem \(authorities)
            """
        let trust = try await Program(["sh", "-c", lines], environment: environment, scratch: scratch)
            .end(within: .seconds(30))
        guard trust.status == 0 else {
            throw Trouble("a certificate cannot be made and trusted; run the tests as root: \(trust.errors)")
        }
        var failure: (any Error)?
        do {
            let server = try await GitWebServer(repositories, user: user, password: password, in: scratch)
            do { try await body(server) } catch { failure = error }
            for server in server.servers { server.send(SIGKILL) }
        } catch {
            failure = error
        }
        let distrust = try await Program(
            ["umount", "--lazy", authorities], environment: environment, scratch: scratch
        ).end(within: .seconds(30))
        guard distrust.status == 0 else { throw Trouble("umount: \(distrust.errors)") }
        if let failure { throw failure }
    }

    private init(_ repositories: String, user: String, password: String, in scratch: String) async throws {
        let ports = try Places.ports(2)
        port = ports.upperBound
        let folder = scratch + "/web"
        try Data("\(user):\(password)\n".utf8).write(to: URL(filePath: folder + "/people"))
        let web = """
            server.modules = ("mod_alias", "mod_setenv", "mod_auth", "mod_authn_file", "mod_cgi")
            server.document-root = "\(folder)"
            server.bind = "127.0.0.1"
            server.port = \(ports.lowerBound)
            alias.url = ("/git" => "/usr/lib/git-core/git-http-backend")
            cgi.assign = ("" => "")
            setenv.set-environment = (
                "GIT_PROJECT_ROOT" => "\(repositories)", "GIT_HTTP_EXPORT_ALL" => "1", "HOME" => "\(folder)",
                "GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory", "GIT_CONFIG_VALUE_0" => "*",
            )
            auth.backend = "plain"
            auth.backend.plain.userfile = "\(folder)/people"
            auth.require = ("/git" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
            """
        let front = """
            defaults
                mode http
                timeout connect 5s
                timeout client 60s
                timeout server 60s
            frontend git
                bind 127.0.0.1:\(ports.upperBound) ssl crt \(folder)/server.pem
                default_backend web
            backend web
                server web 127.0.0.1:\(ports.lowerBound)
            """
        try Data((web + "\n").utf8).write(to: URL(filePath: folder + "/lighttpd.conf"))
        try Data((front + "\n").utf8).write(to: URL(filePath: folder + "/haproxy.cfg"))
        let behind = try await startServer(
            ["/usr/sbin/lighttpd", "-D", "-f", folder + "/lighttpd.conf"], at: ports.lowerBound, from: "lighttpd",
            in: scratch)
        do {
            let before = try await startServer(
                ["/usr/sbin/haproxy", "-db", "-f", folder + "/haproxy.cfg"], at: port, from: "haproxy", in: scratch)
            servers = [before, behind]
        } catch {
            behind.send(SIGKILL)
            throw error
        }
    }

    func url(of repository: String) -> String { "https://localhost:\(port)/git/\(repository).git" }
}

/// Debian's sshd with a host key of its own, which lets in whoever holds the deploy key.
final class GitShellServer {
    let port: UInt16
    /// The private key of those who may fetch: a file of text.
    let deployKey: String
    /// `SHA256:…`
    let hostKey: String
    private let server: Program

    init(in scratch: String) async throws {
        port = try Places.ports(1).lowerBound
        let folder = scratch + "/ssh"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // The folder into which sshd locks what it does not trust.
        try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        for name in ["host", "deploy"] {
            let made = try await Program(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "\(folder)/\(name)"],
                environment: ["PATH": "/usr/bin:/bin"], scratch: scratch
            ).end(within: .seconds(20))
            guard made.status == 0 else { throw Trouble("ssh-keygen: \(made.errors)") }
        }
        let print = try await Program(
            ["ssh-keygen", "-l", "-f", "\(folder)/host.pub"], environment: ["PATH": "/usr/bin:/bin"], scratch: scratch
        ).end(within: .seconds(20))
        guard let hostKey = print.output.split(separator: " ").first(where: { $0.hasPrefix("SHA256:") }) else {
            throw Trouble("ssh-keygen names no key: \(print.output)\(print.errors)")
        }
        self.hostKey = String(hostKey)
        deployKey = try String(contentsOf: URL(filePath: folder + "/deploy"), encoding: .utf8)
        let settings = """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(folder)/host
            AuthorizedKeysFile \(folder)/deploy.pub
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            """
        try Data((settings + "\n").utf8).write(to: URL(filePath: folder + "/sshd_config"))
        server = try await startServer(
            ["/usr/sbin/sshd", "-D", "-e", "-f", folder + "/sshd_config"], at: port, from: "openssh-server",
            in: scratch)
    }

    func url(of path: String) -> String { "ssh://\(NSUserName())@127.0.0.1:\(port)\(path)" }

    func stop() { server.send(SIGKILL) }
}

/// A server that takes every connection and never says a word.
final class SilentServer: Sendable {
    let port: UInt16
    private let listener: Int32

    init() throws {
        port = try Places.ports(1).lowerBound
        // What nobody accepts is held open by the system.
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard Wire.withAddress(of: port, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
            throw Trouble("port \(port) cannot be listened on: \(lastError())")
        }
    }

    func stop() { close(listener) }
}

/// Starts a server of Debian's and waits until it takes connections.
private func startServer(_ words: [String], at port: UInt16, from package: String, in scratch: String)
    async throws -> Program
{
    guard access(words[0], X_OK) == 0 else {
        throw Trouble("there is no \(words[0]): run scripts/install-packages, which installs \(package)")
    }
    let server = try Program(words, environment: ["PATH": "/usr/bin:/bin", "HOME": scratch], scratch: scratch)
    do {
        try await eventually("\(package) listens") {
            guard server.isRunning else { throw Trouble("\(package) ended: \(server.said)") }
            return (try? await blocking { try Wire(peer: .port(port)).probe() }) != nil  // SAFE: not yet
        }
    } catch {
        server.send(SIGKILL)
        throw Trouble("\(error): \(server.said)")
    }
    return server
}
