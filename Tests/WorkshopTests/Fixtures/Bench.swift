import Foundation
import Logging
import Model
import Reconciler
import Testing
import Workshop

/// A workshop on a folder of its own, with repositories and an engine that do as they are told.
struct Bench: Sendable {
    let folder: String
    let code = FakeCode()
    let images = FakeImages()
    var settings: Workshop.Settings

    static let account = repository("account")
    static let uid = ResourceUID("0001")

    /// Runs `body` on a folder that is gone afterwards.
    static func run(
        _ change: (inout Workshop.Settings) -> Void = { _ in }, _ body: (Bench) async throws -> Void
    ) async throws {
        let folder = "/tmp/berth-workshop-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o711])
        // Builds may leave folders that only root can enter.
        defer { try? FileManager.default.removeItem(atPath: folder) }  // SAFE: what is left is in /tmp
        var settings = Workshop.Settings(folder: folder + "/sources", logs: folder + "/logs/pieces")
        settings.builder.grace = .milliseconds(300)
        change(&settings)
        try await body(Bench(folder: folder, settings: settings))
    }

    func workshop(
        secret: @escaping @Sendable (SecretReference) -> Secret<String>? = { _ in nil },
        now: @escaping @Sendable () -> Timestamp = Bench.now
    ) -> Workshop {
        Workshop(
            settings, code: code, images: images, secret: secret, now: now, clock: ContinuousClock(),
            jitter: { 0.5 }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static let now: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    }

    static func repository(_ text: String, url: String? = nil, subPath: String = "") -> CodeRepository {
        CodeRepository(
            name: name(text), location: url.map { .url($0) } ?? .folder("/src/\(text)"), subPath: subPath,
            place: Place(file: "repositories.yaml", line: 1, column: 1))
    }

    static func name(_ text: String) -> RepositoryName {
        guard let name = try? RepositoryName(text) else { preconditionFailure("\(text) is a name") }  // SAFE: a literal
        return name
    }

    // MARK: Workpieces

    /// A commit with these files and its workpiece.
    func piece(
        _ recipe: Recipe, _ files: [String: FakeCode.File] = [:], of repository: CodeRepository = account
    ) -> Workpiece {
        let commit = code.push(files, of: repository.name)
        return Workpiece(repository: repository, reference: "main", commit: commit, recipe: recipe)
    }

    /// A host build that runs a shell script, which is its whole repository.
    func script(_ text: String, timeoutMillis: Int = 60_000, isOptional: Bool = false) -> Workpiece {
        let build = HostBuild(
            command: ["sh", "build.sh"], environment: ["GREETING": "hello"], timeoutMillis: timeoutMillis,
            isOptional: isOptional)
        return piece(.worktree(build: build, target: "/src"), ["build.sh": .init(text: text)])
    }

    func folder(of piece: Workpiece) -> String { "\(settings.folder)/pieces/\(piece.id)" }
    func tree(of piece: Workpiece) -> String { folder(of: piece) + "/tree" }
    func logFile(of piece: Workpiece) -> String { "\(settings.logs)/\(piece.id).log" }

    func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// The texts of a log, without times and without our own lines.
    func output(of piece: Workpiece) async -> [String] {
        var lines: [String] = []
        for await line in PieceLogs(settings).lines(of: piece.id) where !line.text.hasPrefix("-- ") {
            lines.append(line.text)
        }
        return lines
    }
}

extension Workshop {
    /// All stages in order.
    func make(_ piece: Workpiece) async throws(HostError) {
        for stage in piece.recipe.stages {
            switch stage {
            case .fetch: try await fetch(piece)
            case .checkout: try await checkout(piece, as: Bench.uid)
            case .build: try await build(piece, as: Bench.uid)
            }
        }
    }

    func condition(of piece: Workpiece) async -> ObservedWorkpiece.Condition? {
        await survey([], patience: .zero).pieces[piece.id]?.condition
    }
}

/// The failure of what must fail.
func failure(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws(HostError) -> Void
) async throws -> HostError {
    do throws(HostError) {
        try await body()
    } catch {
        return error
    }
    Issue.record("it did not fail", sourceLocation: sourceLocation)
    throw HostError("test", .refused, "it did not fail")
}
