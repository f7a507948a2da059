package import Model

/// Everything one file says, on its own. A function of its bytes: cache it by them.
package struct ParsedFile: Sendable {
    package let path: String
    /// The manifests in order, broken ones left out.
    package private(set) var objects: [ManifestObject] = []
    /// Manifests that are there but cannot be used, by what they are about, with their first problem.
    package private(set) var broken: [ObjectID: ManifestProblem] = [:]
    /// The broken ones that could be decoded all the same: good for finding the rest of their problems, for nothing else.
    package private(set) var suspects: [ManifestObject] = []
    /// What is wrong with the first document that does not say whose manifest it is: no mapping, no kind of ours, or no
    /// name. Anything may be meant by it. `nil` where every document is somebody's, or the file is not readable.
    package private(set) var anonymous: ManifestProblem?
    /// In order of place, at most ``ReadingLimits/problems``.
    package private(set) var problems: [ManifestProblem] = []
    /// False where the text as a whole cannot be understood: which manifests are in it is then unknown.
    package private(set) var isReadable = true

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        do throws(Flaw) {
            for document in try TreeReader.documents(of: bytes) { read(document) }
        } catch {
            isReadable = false
            objects = []
            suspects = []
            broken = [:]
            anonymous = nil
            problems = [error.problem(in: path)]
        }
        problems.sort { $0.place < $1.place }
        problems = Array(problems.prefix(ReadingLimits.problems))
    }

    /// Whether a file of the repository is read at all: YAML and JSON, and nothing hidden.
    package static func isManifest(path: String) -> Bool {
        guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") || path.hasSuffix(".json") else { return false }
        return !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }

    private mutating func read(_ document: DocumentTree) {
        var reader = Reader(file: path)
        let found = document.flaws.map { $0.problem(in: path) }
        guard let identity = Identity(of: document.root, &reader) else {
            problems += found + reader.problems
            anonymous = anonymous ?? reader.problems.first
            return
        }
        if identity.table.kind == .template {
            reader.parameters = TemplateSpec.parameterNames(of: identity.spec)
        }
        let read = identity.isShort ? identity.table.readShort : identity.table.readLong
        let result = read(document.root, &reader)
        problems += found + reader.problems
        guard let title = identity.name, let name = Slug.make(title) else {
            anonymous = anonymous ?? (found + reader.problems).min { $0.place < $1.place }
            return
        }
        let id = ObjectID(kind: identity.table.kind, name: name)
        if let result, found.isEmpty, reader.errors == 0 {
            objects.append(ManifestObject(id: id, document: result, place: reader.place(identity.mark)))
            return
        }
        if let result { suspects.append(ManifestObject(id: id, document: result, place: reader.place(identity.mark))) }
        if let first = (found + reader.problems).min(by: { $0.place < $1.place }), broken[id] == nil {
            broken[id] = first
        }
    }
}

/// Which kind a document is, in which spelling, and whose: known before the rest of it is understood.
private struct Identity {
    let table: KindTable
    let isShort: Bool
    let name: String?
    let mark: Mark
    /// What holds the keys of its kind.
    let spec: Node?

    init?(of root: Node, _ reader: inout Reader) {
        guard let entries = root.entries, let first = entries.first else {
            reader.report(
                root.mark, "type",
                "\(root.noun) where a manifest is needed; begin it with \"<kind>: <name>\"; "
                    + Self.otherwise)
            return nil
        }
        mark = first.mark
        if let table = KindTable.byKey[first.key] {
            self.table = table
            isShort = true
            name = first.value.scalar
            spec = root
            return
        }
        guard let kind = root["kind"], root["apiVersion"] != nil || first.key == "kind" else {
            reader.report(first.mark, "unknown-kind", Self.advice(for: first.key, among: entries))
            return nil
        }
        // Another program's words may be ours too: a Deployment of apps/v1 is none of berth.
        if let version = root["apiVersion"]?.scalar, !version.hasPrefix("berth."),
            Nearest.nearest(to: version, among: [APIVersion.v1.rawValue]) == nil
        {
            reader.report(
                kind.mark, "unknown-kind",
                "\(kind.noun) of \(quoted(version)) is not a kind; write apiVersion: \(APIVersion.v1.rawValue), or, "
                    + Self.otherwise)
            return nil
        }
        guard let word = kind.scalar, let table = ManifestKind(rawValue: word).flatMap({ KindTable.byKey[$0.key] })
        else {
            let hint = Nearest.hint(for: kind.scalar ?? "", among: ManifestKind.allCases.map(\.rawValue))
            let known = ManifestKind.allCases.map(\.rawValue).joined(separator: ", ")
            let remedy = hint ?? "; the kinds are \(known); \(Self.otherwise)"
            reader.report(kind.mark, "unknown-kind", "\(kind.noun) is not a kind\(remedy)")
            return nil
        }
        self.table = table
        isShort = false
        name = root["metadata"]?["name"]?.scalar
        spec = root["spec"]
    }

    /// The remedy for a file of another program.
    private static let otherwise =
        "if it is no manifest, move it into a folder whose name begins with a dot, or out of the repository"

    private static func advice(for key: String, among entries: [Entry]) -> String {
        let keys = ManifestKind.allCases.map(\.key)
        if let hint = Nearest.hint(for: key, among: keys) {
            return "\(quoted(key)) is not a kind\(hint)"
        }
        if let later = entries.first(where: { keys.contains($0.key) }) {
            return "the first key names the kind, and \(quoted(key)) is none; move \"\(later.key)\" to the top"
        }
        return "the first key names the kind, and \(quoted(key)) is none; the kinds are "
            + keys.joined(separator: ", ") + "; " + otherwise
    }
}

extension KindTable {
    /// Every kind there is.
    static let all: [KindTable] = [
        NodeSpec.table, ServiceSpec.table, BaselineSpec.table, EnvironmentSpec.table, TemplateSpec.table,
        SandboxSpec.table, GatewaySpec.table, RepositorySpec.table, BundleSpec.table,
        RouteSpec.table, DeploymentSpec.table, PolicySpec.table,
    ]
    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.kind.key, $0) })
}

extension Flaw {
    func problem(in file: String) -> ManifestProblem {
        let place = Place(file: file, line: Int(mark.line), column: Int(mark.column))
        return ManifestProblem(at: place, code: code, message)
    }
}
