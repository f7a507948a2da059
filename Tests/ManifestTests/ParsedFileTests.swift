import Manifest
import Model
import Testing

/// What one file says of itself, for whoever must decide what to do with a bad one.
@Suite struct ParsedFileTests {
    private func parse(_ text: String) -> ParsedFile { ParsedFile(path: "a.yaml", bytes: Array(text.utf8)) }

    @Test(
        "A document that says not whose manifest it is, is anonymous",
        arguments: [
            ("sandbxo: x\n", "unknown-kind"), ("owner: x\nsandbox: y\n", "unknown-kind"), ("- a\n", "type"),
            ("just words\n", "type"), ("sandbox:\nservices: {}\n", "empty"), ("sandbox: \"--\"\n", "name"),
            ("sandbox: [x]\n", "type"), ("version: 3\nservices: {web: {image: nginx}}\n", "unknown-kind"),
            ("name: CI\non: push\njobs: {}\n", "unknown-kind"),
            ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n", "unknown-kind"),
            ("apiVersion: berth.dev/v1\nkind: Sandbox\nmetadata: {}\n", "missing-key"),
            ("sandbox: good\n---\nsandbxo: x\n", "unknown-kind"),
            ("sandbox: broken\nbrnach: x\n---\nsandbox:\n", "empty"),
            ("sandbox:\n---\nsandbox: broken\nbrnach: x\n", "empty"),
        ])
    func anonymous(_ text: String, _ code: String) throws {
        let file = parse(text)
        #expect(file.isReadable)
        let problem = try #require(file.anonymous)
        #expect(problem.code == code, "\(problem)")
        #expect(problem.severity == .error)
        #expect(file.problems.contains(problem))
    }

    @Test(
        "A document with a name is not anonymous, however broken",
        arguments: [
            "", "# nothing\n", "sandbox: x\n", "sandbox: x\nbrnach: y\n", "service: x\nimage: [y]\n",
            "sandbox: x\nowner: a\nowner: b\n", "apiVersion: berth.dev/v2\nkind: Sandbox\nmetadata: {name: x}\n",
            // Not readable: which documents there are is not known.
            "sandbox: {x\n", "sandbxo: x\n---\nsandbox:\n\tservices: {}\n",
        ])
    func named(_ text: String) { #expect(parse(text).anonymous == nil) }

    @Test(
        "A file of another program is told where to go",
        arguments: ["version: 3\nweb: {}\n", "- a\n", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"])
    func foreign(_ text: String) throws {
        let remedy =
            "if it is no manifest, move it into a folder whose name begins with a dot, or out of the repository"
        #expect(try #require(parse(text).anonymous).message.hasSuffix(remedy))
    }

    @Test("A key that nobody knows does not hide a reference to nothing in the same manifest")
    func readsOn() throws {
        var repository = Repository.with(
            """
            sandbox: x
            template: qa-defalt
            services:
              account:
                brnach: feature/login
            """)
        repository.files["t.yaml"] = "template: qa-default\n"
        let files = repository.parsed
        let file = try #require(files.first { $0.path == "a.yaml" })
        #expect(file.objects.isEmpty)
        #expect(file.suspects.map(\.id) == [ObjectID(kind: .sandbox, name: "x")])
        #expect(file.broken.keys.map(\.description) == ["sandbox x"])
        let further = Catalogue(objects: files.flatMap(\.objects) + file.suspects, contents: [:], broken: [:])
            .resolve().problems
        let said = (file.problems + further).sorted { $0.place < $1.place }.map { "\($0) [\($0.code)]" }
        #expect(said.count == 2, "\(said)")
        #expect(said.first?.hasPrefix("a.yaml:2:") == true && said.first?.contains("qa-default") == true, "\(said)")
        #expect(said.last?.hasPrefix("a.yaml:5:") == true && said.last?.contains("\"branch\"") == true, "\(said)")
    }
}
