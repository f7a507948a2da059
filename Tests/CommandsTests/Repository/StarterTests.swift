import Commands
import Foundation
import Testing

@Suite("The starter repository of berth init")
struct StarterTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test("It is the folder manifests/, file for file and byte for byte")
    func equals() throws {
        let folder = Self.root.appending(path: "manifests")
        var expected: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where path.hasSuffix(".yaml") {
            expected[path] = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
        }
        #expect(!expected.isEmpty)
        let embedded = Dictionary(uniqueKeysWithValues: Starter.files.map { ($0.path, $0.text) })
        #expect(embedded.keys.sorted() == expected.keys.sorted(), "run scripts/embed-starter")
        for (path, text) in expected { #expect(embedded[path] == text, "\(path): run scripts/embed-starter") }
    }

    @Test("Everything in the folder is part of it")
    func nothingLeftOut() throws {
        let folder = Self.root.appending(path: "manifests")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder.appending(path: path).path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }
        #expect(files.sorted() == Starter.files.map(\.path).sorted())
    }

    @Test("Its paths lead nowhere else")
    func paths() {
        for (path, text) in Starter.files {
            #expect(!path.hasPrefix("/") && !path.split(separator: "/").contains(".."))
            #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
        }
    }
}
