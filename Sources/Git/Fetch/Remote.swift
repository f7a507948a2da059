internal import CLibgit2
internal import Glibc
internal import Model
internal import Reconciler

/// A repository that is asked over libgit2's transports. Every call may hang: only the fetching process makes them.
struct Remote {
    /// A branch or a tag, and the commit it leads to.
    struct Reference {
        let name: String
        let commit: String
    }

    private let location: GitLocation
    private let login: Login

    init(_ location: GitLocation, _ login: Login) {
        self.location = location
        self.login = login
    }

    /// Every branch and tag; a tag with a message of its own by the commit it leads to.
    func references() throws(SourceError) -> [Reference] {
        try asking { session throws(LibgitFailure) in
            let remote = try Owned(freedBy: git_remote_free) {
                git_remote_create_detached($0, location.revealAddress())
            }
            try connect(remote, session)
            return try heads(of: remote).sorted { $0.key < $1.key }.map { Reference(name: $0.key, commit: $0.value) }
        }
    }

    /// Brings all branches and tags into `mirror`, which is made where there is none. Objects come first, then what is
    /// gone goes, then the rest moves: a branch `a` may have become `a/b`, and the two cannot be side by side.
    func fetch(into mirror: String) throws(SourceError) {
        let repository = try naming("open the mirror \(mirror)") { () throws(LibgitFailure) in try open(mirror) }
        let lock = try MirrorLock(on: mirror)
        lock.removeRemains()
        try asking { session throws(LibgitFailure) in
            let remote = try Owned(freedBy: git_remote_free) {
                git_remote_create_anonymous($0, repository.pointer, location.revealAddress())
            }
            try connect(remote, session)
            let names = Set(try heads(of: remote).keys)
            var options = git_fetch_options()
            try call { git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION)) }
            options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
            options.proxy_opts.type = GIT_PROXY_AUTO
            session.answer(&options.callbacks)
            var specs = Self.branchesAndTags.map { strdup("+\($0)*:\($0)*") }
            defer { for spec in specs { free(spec) } }
            _ = try specs.withUnsafeMutableBufferPointer { specs throws(LibgitFailure) in
                try call {
                    var list = git_strarray(strings: specs.baseAddress, count: specs.count)
                    return git_remote_download(remote.pointer, &list, &options)
                }
            }
            Lifeline.work()
            try removeAllBut(names, from: repository)
            try call {
                git_remote_update_tips(remote.pointer, &options.callbacks, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE, nil)
            }
        }
    }

    private static let branchesAndTags = ["refs/heads/", "refs/tags/"]

    private func asking<Answer>(
        _ body: (_ session: LoginSession) throws(LibgitFailure) -> Answer
    ) throws(SourceError) -> Answer {
        let session = LoginSession(login, at: location)
        do throws(LibgitFailure) {
            // The callbacks know it by its address only.
            defer { withExtendedLifetime(session) {} }
            return try body(session)
        } catch {
            let operation = "ask \(location)"
            if let refusal = session.refusal { throw SourceError(operation, .refused, refusal) }
            throw SourceError(operation, SourceError.Failure(asking: error), error.explained)
        }
    }

    private func connect(_ remote: borrowing Owned, _ session: LoginSession) throws(LibgitFailure) {
        Lifeline.listen()
        let pointer = remote.pointer
        var options = git_remote_connect_options()
        try call { git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION)) }
        options.proxy_opts.type = GIT_PROXY_AUTO
        session.answer(&options.callbacks)
        try call { git_remote_connect_ext(pointer, GIT_DIRECTION_FETCH, &options) }
    }

    /// What the other side has, without names that git would not have.
    private func heads(of remote: borrowing Owned) throws(LibgitFailure) -> [String: String] {
        let pointer = remote.pointer
        var list: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try call { git_remote_ls(&list, &count, pointer) }
        var heads: [String: String] = [:]
        var peeled: [String: String] = [:]
        let mark = "^{}"
        for index in 0..<count {
            guard let head = list?[index]?.pointee, let text = head.name else { continue }
            let name = String(cString: text)
            guard Self.branchesAndTags.contains(where: name.hasPrefix) else { continue }
            if name.hasSuffix(mark) {
                peeled[String(name.dropLast(mark.count))] = head.oid.text
            } else if isValid(name) {
                heads[name] = head.oid.text
            }
        }
        return heads.merging(peeled.filter { heads[$0.key] != nil }) { $1 }
    }

    private func isValid(_ name: String) -> Bool {
        var isValid: Int32 = 0
        return git_reference_name_is_valid(&isValid, name) == 0 && isValid == 1
    }

    private func open(_ mirror: String) throws(LibgitFailure) -> Owned {
        var options = git_repository_init_options()
        try call {
            git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
        }
        options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        return try Owned(freedBy: git_repository_free) { git_repository_init_ext($0, mirror, &options) }
    }

    private func removeAllBut(_ names: Set<String>, from mirror: borrowing Owned) throws(LibgitFailure) {
        let pointer = mirror.pointer
        for name in try referenceNames(in: mirror) where !names.contains(name) {
            guard Self.branchesAndTags.contains(where: name.hasPrefix) else { continue }
            try call { git_reference_remove(pointer, name) }
        }
    }
}

/// Full names of all references, in no order.
func referenceNames(in repository: borrowing Owned) throws(LibgitFailure) -> [String] {
    let pointer = repository.pointer
    let iterator = try Owned(freedBy: git_reference_iterator_free) { git_reference_iterator_new($0, pointer) }
    var names: [String] = []
    var name: UnsafePointer<CChar>?
    while names.count < mostReferences {
        do throws(LibgitFailure) {
            try call { git_reference_next_name(&name, iterator.pointer) }
        } catch {
            guard error.isOne(of: GIT_ITEROVER) else { throw error }
            break
        }
        if let name { names.append(String(cString: name)) }
    }
    return names
}

/// References of one repository that are looked at.
let mostReferences = 200_000

extension SourceError.Failure {
    fileprivate init(asking failure: LibgitFailure) {
        let message = failure.message.lowercased()
        self =
            if failure.isDiskFull {
                .unreachable
            } else if failure.isOne(of: GIT_EAUTH, GIT_ECERTIFICATE) || Self.refusals.contains(where: message.contains)
            {
                .refused
            } else if failure.isOne(of: GIT_ENOTFOUND) || Self.absences.contains(where: message.contains) {
                .missing
            } else if Self.passing.contains(failure.kind) {
                .unreachable
            } else {
                .refused
            }
    }

    private static let absences = [
        "404", "not found", "not exported", "does not exist", "does not appear to be a git repository",
        "could not find repository", "failed to resolve path",
    ]
    private static let refusals = [
        "status code: 401", "status code: 403", "failed to authenticate", "unsupported url protocol",
    ]
    /// Trouble of the net or the machine, which may pass.
    private static let passing = Set(
        [GIT_ERROR_NET, GIT_ERROR_OS, GIT_ERROR_SSL, GIT_ERROR_SSH, GIT_ERROR_HTTP].map(\.rawValue))
}
