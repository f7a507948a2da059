internal import CLibgit2
internal import Glibc

/// The key by which an ssh server proves who it is.
struct HostKey: Hashable {
    /// `SHA256:` and 43 digits of base64, as `ssh-keygen -l` prints it.
    let fingerprint: String
    let kind: String

    init?(_ certificate: git_cert_hostkey) {
        guard certificate.type.rawValue & GIT_CERT_SSH_SHA256.rawValue != 0 else { return nil }
        fingerprint = withUnsafeBytes(of: certificate.hash_sha256) { "SHA256:\(base64($0))" }
        kind =
            switch certificate.raw_type {
            case GIT_CERT_SSH_RAW_TYPE_RSA: "rsa"
            case GIT_CERT_SSH_RAW_TYPE_DSS: "dsa"
            case GIT_CERT_SSH_RAW_TYPE_KEY_ED25519: "ed25519"
            case GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_256, GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_384,
                GIT_CERT_SSH_RAW_TYPE_KEY_ECDSA_521:
                "ecdsa"
            default: "of an unknown kind"
            }
    }
}

struct UntrustedHostKey: Error { let message: String }

/// What is believed of one server's host key: what the manifest says, else what `~/.ssh/known_hosts` says, else what
/// was seen first. The first key is kept in a file of its own, and any other is refused from then on.
struct HostKeyPins {
    private static let longestPin = 256
    let login: Login
    /// `host` or `host:port`.
    let server: String

    private var file: String { "\(login.pins)/hostkey-\(percentEncoded(server))" }

    func check(_ key: HostKey, isKnown: Bool) throws(UntrustedHostKey) {
        let shown = "\(server) shows the host key \(key.fingerprint) (\(key.kind))"
        if let wanted = login.hostKey {
            guard wanted.trimmingPadding == key.fingerprint else {
                throw UntrustedHostKey(
                    message: "\(shown), and hostKey: says \(wanted); if that is the server's key now, correct hostKey:")
            }
            return
        }
        guard !isKnown else { return }
        if let first = try pinned() {
            guard first == key.fingerprint else {
                throw UntrustedHostKey(
                    message: "\(shown), and has shown \(first) before; if it was changed on purpose, write "
                        + "hostKey: \(key.fingerprint) in the manifest, or remove \(file)")
            }
            return
        }
        guard login.firstKey == .kept else { return }
        try pin(key)
    }

    /// The fingerprint seen first; `nil` where none was.
    private func pinned() throws(UntrustedHostKey) -> String? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw failure("read") }
            return nil
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.longestPin)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw failure("read") }
        return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// A file that is there is whole: it appears under its name in one step, and whoever comes second reads the first.
    private func pin(_ key: HostKey) throws(UntrustedHostKey) {
        makeFolder(login.pins)
        let draft = "\(file).\(getpid())"
        let line = Array("\(key.fingerprint)\n".utf8)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("keep") }
        defer { unlink(draft) }
        let isWritten = write(descriptor, line, line.count) == line.count && fsync(descriptor) == 0
        let written = errno
        close(descriptor)
        errno = written
        guard isWritten else { throw failure("keep") }
        guard link(draft, file) == 0 else {
            guard errno == EEXIST, try pinned() == key.fingerprint else { throw failure("keep") }
            return
        }
    }

    private func failure(_ verb: String) -> UntrustedHostKey {
        UntrustedHostKey(
            message: "cannot \(verb) the host key of \(server) in \(file): \(String(cString: strerror(errno)))")
    }
}

/// Makes `path` and the folders above it where they are not; who uses it finds out whether that worked.
private func makeFolder(_ path: String) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
        made += "/\(part)"
        mkdir(made, 0o700)
    }
}

extension String {
    fileprivate var trimmingPadding: Substring {
        dropLast(reversed().prefix { $0 == "=" }.count)
    }
}
