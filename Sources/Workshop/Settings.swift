internal import Model
package import Reconciler

extension Workshop {
    package struct Settings: Sendable {
        /// Mirrors and workpieces, absolute: `<data>/sources`. Every folder above it must let the build user through.
        package var folder: String
        /// Logs of workpieces, absolute: `<data>/logs/pieces`.
        package var logs: String
        package var builder: Builder
        /// How long a remote repository is left alone between two questions; spread by a tenth.
        package var pollInterval: Duration
        /// A repository that has not answered within this is silent.
        package var askDeadline: Duration
        /// Remote repositories asked at once.
        package var askWidth: Int
        /// A repository that nobody asked about for so long is followed no more.
        package var forgetAfter: Duration
        /// Whether it is noted on disk which workpieces are asked about. A dry run notes nothing.
        package var notesUse = true

        package init(
            folder: String, logs: String, builder: Builder = Builder(), pollInterval: Duration = .seconds(30),
            askDeadline: Duration = .seconds(20), askWidth: Int = 4, forgetAfter: Duration = .seconds(900)
        ) {
            precondition(folder.hasPrefix("/") && logs.hasPrefix("/"), "folders of a workshop are absolute")
            precondition(askWidth >= 1 && pollInterval > .zero)
            self.folder = folder
            self.logs = logs
            self.builder = builder
            self.pollInterval = pollInterval
            self.askDeadline = askDeadline
            self.askWidth = askWidth
            self.forgetAfter = forgetAfter
        }
    }

    /// Who builds on a node, and how much of it that may take.
    package struct Builder: Sendable {
        /// A user of the node; `nil` means `nobody` for root, and ourselves for everybody else.
        package var user: String?
        package var limits: BuildLimits
        /// Where programs are looked for.
        package var path: String
        /// How long a build may take to end by itself, once it was asked to.
        package var grace: Duration

        package init(
            user: String? = nil, limits: BuildLimits = BuildLimits(), path: String = standardPath,
            grace: Duration = .seconds(2)
        ) {
            self.user = user
            self.limits = limits
            self.path = path
            self.grace = grace
        }

        package static let standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    }
}

extension Workshop.Settings {
    func mirror(of repository: RepositoryName) -> String { "\(folder)/\(repository)\(Self.mirrorEnding)" }

    static let mirrorEnding = ".git"

    /// Kept from build to build: compilers keep what they know there.
    var home: String { "\(folder)/home" }
}
