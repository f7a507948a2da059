internal import Foundation
package import Testing

/// Expects `actual` to be the text of the golden file `name` in the folder `Golden` beside the test.
///
/// Run with `UPDATE_GOLDEN=1` to write the files instead; then read the diff before you commit it.
package func expectGolden(
    _ actual: String, _ name: String, beside file: String = #filePath,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let golden = URL(filePath: file).deletingLastPathComponent().appending(path: "Golden/\(name).txt")
    let text = actual.hasSuffix("\n") ? actual : actual + "\n"
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try FileManager.default.createDirectory(
            at: golden.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: golden)
        return
    }
    let expected = try? String(contentsOf: golden, encoding: .utf8)
    #expect(text == expected, "\(lineDiff(from: expected ?? "", to: text))", sourceLocation: sourceLocation)
}

/// The lines that differ, `-` for expected and `+` for actual.
package func lineDiff(from expected: String, to actual: String) -> String {
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = actual.split(separator: "\n", omittingEmptySubsequences: false)
    return new.difference(from: old).map { change in
        switch change {
        case .remove(let offset, let line, _): "-\(offset + 1): \(line)"
        case .insert(let offset, let line, _): "+\(offset + 1): \(line)"
        }
    }.joined(separator: "\n")
}
