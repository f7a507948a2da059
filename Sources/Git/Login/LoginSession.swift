internal import CLibgit2
internal import Glibc
internal import Reconciler

/// One connection's answers to the questions libgit2 asks on its way: who are you, and is this the right server.
final class LoginSession {
    private let login: Login
    private let location: GitLocation
    private var offers = 0
    /// Why we would not go on. libgit2's last error is not to be relied on after a callback said no.
    private(set) var refusal: String?

    init(_ login: Login, at location: GitLocation) {
        self.login = login
        self.location = location
    }

    /// Lets `callbacks` ask this session, which must outlive their use.
    func answer(_ callbacks: inout git_remote_callbacks) {
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.credentials = { credential, url, user, allowed, payload in
            guard let credential, let session = LoginSession.of(payload) else { return GIT_EAUTH.rawValue }
            guard let url, session.isOurs(String(cString: url)) else {
                return session.refuse(
                    "the server sends us on to another, and a login is not sent on; "
                        + "give the address that it redirects to", GIT_EAUTH)
            }
            return session.offer(credential, user: user.map { String(cString: $0) }, allowed: allowed)
        }
        callbacks.certificate_check = { certificate, isValid, _, payload in
            guard let certificate, let session = LoginSession.of(payload) else { return GIT_ECERTIFICATE.rawValue }
            return session.check(certificate, isValid: isValid == 1)
        }
        callbacks.transfer_progress = { _, _ in Lifeline.isThere() }
        callbacks.sideband_progress = { _, _, _ in Lifeline.isThere() }
    }

    private static func of(_ payload: UnsafeMutableRawPointer?) -> LoginSession? {
        payload.map { Unmanaged<LoginSession>.fromOpaque($0).takeUnretainedValue() }
    }

    private func refuse(_ why: String, _ code: git_error_code) -> Int32 {
        refusal = why
        return code.rawValue
    }
}

// MARK: Who we are

extension LoginSession {
    /// Whether `url` is of the server that the login is meant for, by a way no more open. libgit2 follows redirects
    /// whatever it is told, and tells here where they led.
    private func isOurs(_ url: String) -> Bool {
        do throws(SourceError) {
            let asking = try GitLocation(url)
            let isOpener = location.description.hasPrefix("https:") && !asking.description.hasPrefix("https:")
            return asking.server == location.server && !isOpener
        } catch {
            return false
        }
    }

    private typealias Offer = UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>

    private func offer(_ credential: Offer, user: String?, allowed: UInt32) -> Int32 {
        func isAllowed(_ kind: git_credential_t) -> Bool { allowed & kind.rawValue != 0 }
        if isAllowed(GIT_CREDENTIAL_USERNAME) { return git_credential_username_new(credential, login.user ?? "git") }
        let given = login.withSecret { secret -> Int32 in
            if let key = PrivateKeyText(secret) {
                guard isAllowed(GIT_CREDENTIAL_SSH_MEMORY) else {
                    return refuse(
                        "the credential is a private key, and the server wants a password or token", GIT_EAUTH)
                }
                return offer(key, to: credential, user: user)
            }
            guard isAllowed(GIT_CREDENTIAL_USERPASS_PLAINTEXT) else {
                return refuse("the credential is a password or token, and the server wants a private key", GIT_EAUTH)
            }
            guard offers == 0 else { return refuse("the server refuses the user or the password", GIT_EAUTH) }
            offers += 1
            // Over ssh the address decides: another user than the one who began is an error there.
            let name = isAllowed(GIT_CREDENTIAL_SSH_KEY) ? user ?? login.user : login.user ?? user
            return git_credential_userpass_plaintext_new(credential, name ?? "git", secret)
        }
        if let given { return given }
        guard isAllowed(GIT_CREDENTIAL_SSH_KEY) else {
            return refuse(
                user == nil ? "the server wants a login, and none is given" : "the server refuses the login", GIT_EAUTH)
        }
        return offerOwnKey(to: credential, user: user)
    }

    private func offer(_ key: PrivateKeyText, to credential: Offer, user: String?) -> Int32 {
        guard !key.isEncrypted else {
            return refuse("the key of the credential has a passphrase; give one that has none", GIT_EAUTH)
        }
        guard offers == 0 else {
            let why =
                key.isRSA
                ? "the server refuses the RSA key of the credential, for it can only be offered with SHA-1 here; "
                    + "use an ed25519 or ecdsa key"
                : "the server refuses the key of the credential"
            return refuse(why, GIT_EAUTH)
        }
        offers += 1
        return git_credential_ssh_key_memory_new(credential, user ?? login.user ?? "git", nil, key.text, nil)
    }

    /// The ways to log in that belong to whom we run as, in this order; libgit2 asks again after each refusal. RSA keys
    /// are not among them: the libssh2 of Debian 12 signs with SHA-1 only. A password in an http address is offered by
    /// libgit2 itself.
    private func offerOwnKey(to credential: Offer, user: String?) -> Int32 {
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        let keys = ["id_ed25519", "id_ecdsa"].map { "\(home)/.ssh/\($0)" }
        // One offer a call. What is not there is passed over: to offer it ends the connection.
        while offers <= keys.count {
            let offer = offers
            offers += 1
            if offer == 0 {
                guard getenv("SSH_AUTH_SOCK") != nil else { continue }
                return git_credential_ssh_key_from_agent(credential, user)
            }
            guard access(keys[offer - 1], R_OK) == 0 else { continue }
            return git_credential_ssh_key_new(credential, user, nil, keys[offer - 1], nil)
        }
        return refuse("the server accepts none of the node's own keys, and no credential is given", GIT_EAUTH)
    }
}

// MARK: Who they are

extension LoginSession {
    private func check(_ certificate: UnsafeMutablePointer<git_cert>, isValid: Bool) -> Int32 {
        guard certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 else {
            guard !isValid else { return 0 }
            return refuse(
                "the certificate of \(location.host ?? "the server") is not valid on this node; "
                    + "if it should be, install the certificate of its authority (update-ca-certificates)",
                GIT_ECERTIFICATE)
        }
        let key = certificate.withMemoryRebound(to: git_cert_hostkey.self, capacity: 1) { HostKey($0.pointee) }
        guard let key else { return refuse("the server shows no host key that can be checked", GIT_ECERTIFICATE) }
        do throws(UntrustedHostKey) {
            try HostKeyPins(login: login, server: location.server).check(key, isKnown: isValid)
            return 0
        } catch {
            return refuse(error.message, GIT_ECERTIFICATE)
        }
    }
}
