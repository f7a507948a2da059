internal import CLibgit2
internal import Glibc
package import Reconciler

/// What the fetching process does in its own address space.
package enum GitFetch {
    /// Whatever its parent does or forgets, the child is gone after this: no deadline of a fetch may be longer.
    package static let longestLife: Duration = .seconds(600)
    /// Bytes of an address: what one write to a pipe always takes.
    static let longestAddress = 4096
    private static let longestMessage = 4096

    /// Brings the branches and tags of `url` into the bare repository `mirror`, which is made where there is none;
    /// what is gone there goes here.
    package static func run(url: String, into mirror: String) throws(SourceError) {
        let location = try GitLocation(url)
        let operation = "fetch \(location)"
        let repository = try naming("open the mirror \(mirror)") { () throws(LibgitFailure) in
            try open(mirror)
        }
        let lock = try MirrorLock(on: mirror)
        lock.removeRemains()
        do throws(LibgitFailure) {
            try fetch(url, into: repository)
        } catch {
            throw SourceError(operation, SourceError.Failure(fetching: error), location.redact(error.message))
        }
    }

    /// The whole of the fetching process: the address from standard input, ``run(url:into:)``, one sentence on
    /// standard output where it failed. Gives the exit code by which the parent knows the failure.
    package static func child(mirror: String) -> Int32 {
        // Whoever starts us from a thread that holds signals back hands that down.
        var alarms = sigset_t()
        sigemptyset(&alarms)
        sigaddset(&alarms, SIGALRM)
        sigprocmask(SIG_UNBLOCK, &alarms, nil)
        _ = alarm(UInt32(longestLife.components.seconds))
        var input: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while input.count <= longestAddress, !input.contains(UInt8(ascii: "\n")) {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            guard count > 0 else { break }
            input += chunk[..<count]
        }
        let url = String(decoding: input, as: UTF8.self).trimmed
        do throws(SourceError) {
            try run(url: url, into: mirror)
            return 0
        } catch {
            let message = Array(error.message.utf8.prefix(longestMessage))
            _ = write(STDOUT_FILENO, message, message.count)
            return error.failure.exitCode
        }
    }

    private static func open(_ mirror: String) throws(LibgitFailure) -> Owned {
        var options = git_repository_init_options()
        try call {
            git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
        }
        options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        return try Owned(freedBy: git_repository_free) { git_repository_init_ext($0, mirror, &options) }
    }

    private static func fetch(_ url: String, into repository: borrowing Owned) throws(LibgitFailure) {
        let pointer = repository.pointer
        let remote = try Owned(freedBy: git_remote_free) { git_remote_create_anonymous($0, pointer, url) }
        var options = git_fetch_options()
        try call { git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION)) }
        options.prune = GIT_FETCH_PRUNE
        options.update_fetchhead = 0
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        options.proxy_opts.type = GIT_PROXY_AUTO
        options.callbacks.credentials = offerCredential
        var offers: Int32 = 0
        let mirrored = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        var specs: [UnsafeMutablePointer<CChar>?] = mirrored.map { strdup($0) }
        defer { for spec in specs { free(spec) } }
        _ = try withUnsafeMutablePointer(to: &offers) { (offers) throws(LibgitFailure) in
            options.callbacks.payload = UnsafeMutableRawPointer(offers)
            return try call {
                specs.withUnsafeMutableBufferPointer { specs in
                    var list = git_strarray(strings: specs.baseAddress, count: specs.count)
                    return git_remote_fetch(remote.pointer, &list, &options, nil)
                }
            }
        }
    }
}

/// Ways to log in over ssh, in this order; libgit2 asks again after each refusal. RSA keys are not among them: the
/// libssh2 of Debian 12 signs with SHA-1 only. A password in an http address is offered by libgit2 itself.
private func offerCredential(
    _ credential: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ url: UnsafePointer<CChar>?,
    _ user: UnsafePointer<CChar>?, _ allowed: UInt32, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    guard let offers = payload?.assumingMemoryBound(to: Int32.self) else { return GIT_EAUTH.rawValue }
    if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 { return git_credential_username_new(credential, "git") }
    guard allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0 else { return GIT_EAUTH.rawValue }
    let keys = getenv("HOME").map { home in
        ["id_ed25519", "id_ecdsa"].map { "\(String(cString: home))/.ssh/\($0)" }
    }
    // One offer a call; a way that cannot even be offered makes room for the next.
    while offers.pointee <= 2 {
        let offer = Int(offers.pointee)
        offers.pointee += 1
        let code =
            offer == 0
            ? git_credential_ssh_key_from_agent(credential, user)
            : keys.map { git_credential_ssh_key_new(credential, user, nil, $0[offer - 1], nil) } ?? -1
        if code == 0 { return 0 }
    }
    return GIT_EAUTH.rawValue
}

extension SourceError.Failure {
    fileprivate init(fetching failure: LibgitFailure) {
        let says = failure.message.lowercased()
        let absences = [
            "404", "not found", "not exported", "does not exist", "could not find repository", "failed to resolve path",
        ]
        self =
            if failure.isOne(of: GIT_EAUTH, GIT_ECERTIFICATE) {
                .refused
            } else if failure.isOne(of: GIT_ENOTFOUND) || absences.contains(where: says.contains) {
                .missing
            } else if Self.passing.contains(failure.kind) {
                .unreachable
            } else {
                .refused
            }
    }

    /// Trouble of the net or the machine, which may pass.
    private static let passing = Set(
        [GIT_ERROR_NET, GIT_ERROR_OS, GIT_ERROR_SSL, GIT_ERROR_SSH, GIT_ERROR_HTTP].map(\.rawValue))

    /// Between the child and its parent; above what argument parsers and shells use.
    var exitCode: Int32 {
        switch self {
        case .unreachable: 81
        case .missing: 82
        case .refused: 83
        }
    }

    /// What the child died of otherwise is nothing that waiting mends.
    init(exitCode: Int32) {
        self = [Self.unreachable, .missing].first { $0.exitCode == exitCode } ?? .refused
    }
}

extension String {
    fileprivate var trimmed: String {
        let tail = reversed().prefix { $0.isNewline || $0 == " " }
        return String(dropLast(tail.count))
    }
}
