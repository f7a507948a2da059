/// A repository that services are made from, as its manifest describes it.
package struct CodeRepository: Hashable, Sendable {
    package enum Location: Hashable, Sendable {
        /// A folder of the node itself: a work tree or a bare repository, by absolute path.
        case folder(String)
        /// An address to fetch from. It never holds a password: manifests are read by many.
        case url(String)
    }

    package let name: RepositoryName
    package var location: Location
    /// Followed where a sandbox names no branch.
    package var defaultBranch: String
    /// The part of the tree that is built and mounted, such as `services/account`; empty for all of it.
    package var subPath: String
    package var credential: Credential?
    package var place: Place

    /// How one logs in. What `secret` holds is a password or token for https, and a private key for ssh.
    package struct Credential: Hashable, Sendable {
        /// The address may name the user instead.
        package let user: String?
        package let secret: SecretReference
        /// `SHA256:…` of an ssh server's key. Without it the first key seen is trusted from then on.
        package let hostKey: String?

        package init(user: String? = nil, secret: SecretReference, hostKey: String? = nil) {
            self.user = user
            self.secret = secret
            self.hostKey = hostKey
        }
    }

    package init(
        name: RepositoryName, location: Location, defaultBranch: String = "main", subPath: String = "",
        credential: Credential? = nil, place: Place
    ) {
        self.name = name
        self.location = location
        self.defaultBranch = defaultBranch
        self.subPath = subPath
        self.credential = credential
        self.place = place
    }
}

/// A branch, tag or whole commit id of a repository, as somebody wrote it: `account feature/login-error`.
package struct CodeReference: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let repository: RepositoryName
    package let name: String

    package init(_ repository: RepositoryName, _ name: String) {
        self.repository = repository
        self.name = name
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.repository, lhs.name) < (rhs.repository, rhs.name)
    }

    package var description: String { "\(repository) \(name)" }
}

/// What a repository says of a reference now.
package enum CodeReading: Hashable, Sendable {
    case commit(CommitID)
    /// The repository answers and has no such branch, tag or commit.
    case gone
    /// It does not answer, or refuses us; in words, with the remedy where one is known.
    case unreachable(String)
    /// It was asked, and has not answered yet.
    case asked
}
