import Foundation
import Git
import Model
import Reconciler
import Testing

extension Scratch {
    /// Keeps host keys in this folder, and has it for a home.
    func codeHost(
        fetch: FetchCommand? = nil, keepingHostKeys: Bool = true, deadlines: GitCodeHost.Deadlines = .patient
    ) -> GitCodeHost {
        GitCodeHost(
            fetch: fetch ?? .itself(home: path),
            hostKeys: keepingHostKeys ? .kept(in: self["data/pins"]) : .forgotten(beside: self["data/pins"]),
            deadlines: deadlines)
    }

    var mirror: String { self["data/code.git"] }

    func folder(_ name: String = "repo.git") throws -> CodeRepository { try code(.folder(self[name])) }

    func remote(_ url: String, user: String? = nil, hostKey: String? = nil) throws -> CodeRepository {
        try code(
            .url(url),
            credential: .init(user: user, secret: .file(self["secret"]), hostKey: hostKey))
    }

    private func code(
        _ location: CodeRepository.Location, credential: CodeRepository.Credential? = nil
    ) throws -> CodeRepository {
        CodeRepository(
            name: try RepositoryName("account"), location: location, credential: credential,
            place: Place(file: "a.yaml", line: 1, column: 1))
    }

    /// Branches and tags as the real git sees them, tags by the commit they lead to.
    func realReferences(in name: String = "repo.git") throws -> [String: CommitID] {
        let format = "%(refname) %(objectname) %(*objectname)"
        let lines = try git("for-each-ref", "--format=\(format)", "refs/heads", "refs/tags", in: name)
        return Dictionary(
            uniqueKeysWithValues: try lines.split(separator: "\n").map { line in
                let words = line.split(separator: " ").map(String.init)
                return (words[0], try #require(CommitID(words.last ?? "")))
            })
    }

    func secret(ofFile path: String) throws -> Secret<String> {
        Secret(try String(contentsOfFile: path, encoding: .utf8))
    }
}

extension GitCodeHost.Deadlines {
    /// For servers that answer: a loaded machine starts a process in seconds.
    static let patient = Self(list: .seconds(120), fetch: .seconds(120), checkout: .seconds(120))
}
