import Foundation

/// `git http-backend` behind a real web server with Basic authentication: `/git/` serves the repositories of a folder
/// to one user, `/away/` sends on to another server, `/log` shows nothing.
final class WebServer: ServerProgram {
    static let user = "deploy"

    init(serving scratch: Scratch, password: String, sendingOnTo other: UInt16 = 1) throws {
        let folder = scratch["web"]
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let users = "\(folder)/users"
        try Data("\(Self.user):\(password)\n".utf8).write(to: URL(filePath: users))
        try super.init("lighttpd", log: "\(folder)/log") { port in
            let configuration = """
                server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_redirect", "mod_setenv", "mod_cgi")
                server.document-root = "\(folder)"
                server.bind = "127.0.0.1"
                server.port = \(port)
                auth.backend = "plain"
                auth.backend.plain.userfile = "\(users)"
                url.redirect = ("^/away/(.*)" => "http://127.0.0.1:\(other)/$1")
                alias.url = ("/git" => "/usr/lib/git-core/git-http-backend")
                $HTTP["url"] =~ "^/git" {
                    cgi.assign = ("" => "")
                    setenv.add-environment = (
                        "GIT_PROJECT_ROOT" => "\(scratch.path)", "GIT_HTTP_EXPORT_ALL" => "1",
                        "GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory", "GIT_CONFIG_VALUE_0" => "*"
                    )
                    auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
                }
                """
            try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/conf"))
            return ["/usr/sbin/lighttpd", "-D", "-f", "\(folder)/conf"]
        }
    }

    func url(_ name: String = "repo.git") -> String { "http://127.0.0.1:\(port)/git/\(name)" }
}

/// A web server whose certificate nobody vouches for.
final class SelfSignedServer: ServerProgram {
    init(_ scratch: Scratch) throws {
        let key = scratch["tls.key"], certificate = scratch["tls.crt"]
        try scratch.run(
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key, "-out",
            certificate)
        try super.init("openssl") { port in
            ["/usr/bin/openssl", "s_server", "-accept", "\(port)", "-key", key, "-cert", certificate, "-www", "-quiet"]
        }
    }
}
