import Foundation
import Manifest
import Testing

@Suite struct SchemaTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "schemas")

    @Test func committedSchemasAreThoseOfTheTables() throws {
        let isUpdate = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"
        for (file, text) in Schemas.all() {
            let url = Self.folder.appending(path: file)
            if isUpdate {
                try Data(text.utf8).write(to: url)
            } else {
                let committed = try String(contentsOf: url, encoding: .utf8)
                #expect(committed == text, "schemas/\(file) is not what the tables say; run with UPDATE_GOLDEN=1")
            }
        }
        let committed = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".json") && !$0.hasSuffix(".v1.json") }
        #expect(Set(committed) == Set(Schemas.all().map(\.file)), "a schema of no kind")
    }
}
