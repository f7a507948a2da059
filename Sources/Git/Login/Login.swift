internal import Model

/// How to log in to a remote, and whose host key to believe.
struct Login: Sendable {
    /// What becomes of the key of an ssh server that is seen for the first time.
    enum FirstKey: String, Sendable { case kept, forgotten }

    var user: String?
    /// A password or token for http and ssh, or a private key for ssh.
    var secret: Secret<String>?
    /// `SHA256:…`; the only key that is believed.
    var hostKey: String?
    /// The folder where first keys are kept.
    let pins: String
    var firstKey: FirstKey = .kept

    /// Lines of a key are looked for in messages if they are at least this long: shorter ones say nothing.
    private static let shortestLine = 16

    /// `message` without the secret in any of the forms it takes on its way.
    func redact(_ message: String) -> String {
        guard let secret = secret?.reveal(), !secret.isEmpty else { return message }
        let basic = base64("\(user ?? "git"):\(secret)".utf8)
        let lines = secret.split(whereSeparator: \.isNewline).map(String.init).filter {
            $0.utf8.count >= Self.shortestLine
        }
        return ([secret, percentEncoded(secret), basic] + lines).reduce(message) { message, form in
            message.replacing(form, with: "***")
        }
    }

    func withSecret<Result>(_ body: (_ secret: String) -> Result) -> Result? { secret.map { body($0.reveal()) } }
}

/// What can be told of a private key without using it.
struct PrivateKeyText {
    private static let opening = "-----BEGIN "
    let text: String

    /// `nil` where the text is no private key, and so perhaps a password.
    init?(_ secret: String) {
        let trimmed = secret.drop(while: \.isWhitespace)
        guard trimmed.hasPrefix(Self.opening) else { return nil }
        // The reader of keys wants the last line ended.
        text = trimmed.last?.isNewline == true ? String(trimmed) : trimmed + "\n"
    }

    /// Unencrypted keys in OpenSSH's own form name their kind in the clear.
    var isRSA: Bool { text.hasPrefix("\(Self.opening)RSA ") || body.contains(Array("ssh-rsa".utf8)) }

    /// Nobody is there to type a passphrase.
    var isEncrypted: Bool {
        text.contains("ENCRYPTED") || (text.hasPrefix("\(Self.opening)OPENSSH ") && body.contains(Array("bcrypt".utf8)))
    }

    private var body: [UInt8] {
        bytes(ofBase64: text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-") }.joined())
    }
}
