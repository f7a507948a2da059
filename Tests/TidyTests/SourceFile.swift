import Foundation

/// A text file of the package, by its path below the root.
struct SourceFile {
    let path: String
    let lines: [String]

    /// The lines that are not comments, with their numbers. A comment behind code stays: it may excuse the line.
    var code: [(number: Int, text: String)] {
        numbered.filter { !$0.text.drop { $0 == " " }.hasPrefix("//") }
    }

    var numbered: [(number: Int, text: String)] {
        lines.enumerated().map { (number: $0.offset + 1, text: $0.element) }
    }

    /// The target it belongs to: the folder below `Sources` or `Tests`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// What it imports, with the line that does.
    var imports: [(number: Int, module: String)] {
        code.filter { $0.text.contains("import ") }.compactMap { line in
            let pattern =
                /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private) )?import (?:(?:struct|class|enum|protocol|func|var|let|typealias) )?(\w+)/
            return line.text.firstMatch(of: pattern).map { (number: line.number, module: String($0.1)) }
        }
    }

    /// The folder of `Package.swift`.
    static let root: URL = {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path()) {
            precondition(folder.pathComponents.count > 1, "the tests are not inside a package")
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// The Swift files in these folders, in order of path.
    static func swift(in folders: [String] = ["Sources"]) throws -> [SourceFile] {
        try all(in: folders).filter { $0.path.hasSuffix(".swift") && !$0.path.hasPrefix(generated) }
    }

    /// What protoc writes, which nobody here reads or edits.
    private static let generated = "Sources/AgentTransport/Schema/"

    /// Every text file in these folders, or at these paths, in order of path. What is not there is left out.
    static func all(in paths: [String]) throws -> [SourceFile] {
        var found: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            let url = root.appending(path: path)
            guard FileManager.default.fileExists(atPath: url.path(), isDirectory: &isFolder) else { continue }
            guard isFolder.boolValue else {
                found.append(path)
                continue
            }
            for item in try FileManager.default.subpathsOfDirectory(atPath: url.path()) {
                var isInner: ObjCBool = false
                let inner = url.appending(path: item).path(percentEncoded: false)
                if FileManager.default.fileExists(atPath: inner, isDirectory: &isInner), !isInner.boolValue {
                    found.append("\(path)/\(item)")
                }
            }
        }
        return try found.sorted().compactMap { path in
            let data = try Data(contentsOf: root.appending(path: path))
            guard let text = String(data: data, encoding: .utf8) else { return nil }
            return SourceFile(
                path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        }
    }

    static func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    }
}
