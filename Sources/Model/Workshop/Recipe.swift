/// What is done with a commit before a container can run it.
package enum Recipe: Hashable, Sendable {
    /// The files of the commit, mounted read-only, after `build` has run in them on the node.
    case worktree(build: HostBuild?, target: String)
    /// An image built by the engine from the commit's files.
    case image(ImageBuild)
}

/// A command that runs in the files of a commit, on the node itself, as an unprivileged user.
package struct HostBuild: Hashable, Sendable {
    /// A program and its arguments; no shell reads them.
    package var command: [String]
    package var environment: [String: String]
    package var timeoutMillis: Int
    /// Whether it is done without where its program is absent or fails: `composer install` is best effort.
    package var isOptional: Bool

    package init(
        command: [String], environment: [String: String] = [:], timeoutMillis: Int = standardTimeoutMillis,
        isOptional: Bool = false
    ) {
        self.command = command
        self.environment = environment
        self.timeoutMillis = timeoutMillis
        self.isOptional = isOptional
    }

    package static let standardTimeoutMillis = 600_000
}

/// An image made of a Dockerfile.
package struct ImageBuild: Hashable, Sendable {
    /// The Dockerfile, relative to `context`.
    package var dockerfile: String
    /// The folder whose files are sent, relative to the repository's sub-path; empty for all of it.
    package var context: String
    /// The stage to stop at.
    package var target: String?
    package var arguments: [String: String]
    package var timeoutMillis: Int

    package init(
        dockerfile: String = "Dockerfile", context: String = "", target: String? = nil,
        arguments: [String: String] = [:], timeoutMillis: Int = HostBuild.standardTimeoutMillis
    ) {
        self.dockerfile = dockerfile
        self.context = context
        self.target = target
        self.arguments = arguments
        self.timeoutMillis = timeoutMillis
    }
}

extension Recipe {
    /// What decides the result beside the commit. How long it may take does not.
    package var digest: Digest {
        switch self {
        case .worktree(nil, _): return Digest(of: "worktree")
        case .worktree(let build?, _):
            let environment = build.environment.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
            return Digest(of: Self.text(["host", "\(build.isOptional)"] + build.command + ["env"] + environment))
        case .image(let build):
            let arguments = build.arguments.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
            return Digest(
                of: Self.text(["image", build.dockerfile, build.context, build.target ?? ""] + arguments))
        }
    }

    /// Every part with its length, so that no two recipes spell the same text.
    private static func text(_ parts: [String]) -> String {
        parts.map { "\($0.utf8.count) \($0)\n" }.joined()
    }

    package var stages: [Stage] {
        switch self {
        case .worktree(nil, _): [.fetch, .checkout]
        case .worktree(_?, _): [.fetch, .checkout, .build]
        case .image: [.fetch, .build]
        }
    }

    /// A part of the work that is told of by itself.
    package enum Stage: String, Hashable, Sendable, CaseIterable { case fetch, checkout, build }
}
