internal import ArgumentParser
internal import Foundation
internal import Git
internal import Model
internal import Reconciler

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check manifests: all problems at once, each with its place and remedy.",
        discussion: "Exit code 0 when there is no error, 1 otherwise.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, github }

    @Argument(help: "The folder of manifests.")
    var path = "."

    @Option(help: "A branch, tag or commit of the repository at PATH, instead of its files as they lie there.")
    var revision: String?

    @Option(name: .shortAndLong, help: "How problems are written: text, json or github.")
    var output = Format.text

    func run() async throws {
        let (source, commit) = try await checked()
        let loader = ManifestLoader(source: source)
        let desired = try await loader.load(commit)
        let count = try await loader.manifestCount(at: commit.commit)
        let report = ProblemReport(desired.problems, files: count.files, manifests: count.manifests)
        let terminal = Terminal.standard()
        switch output {
        case .text: terminal.write(report.text(in: terminal.display))
        case .json: terminal.write(report.json)
        case .github: terminal.write(report.github)
        }
        if report.status != .success { throw ExitCode(report.status.rawValue) }
    }

    private func checked() async throws -> (any Source, Revision) {
        guard let revision else {
            let folder = try FolderSource(path)
            return (folder, try folder.head())
        }
        let source = try RepositoryOptions.source(
            of: path, branch: revision, mirror: try Scratch().path + "/mirror.git")
        return (source, try await source.resolve(revision))
    }
}
