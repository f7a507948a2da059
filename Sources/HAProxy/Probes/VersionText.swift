internal import Foundation

/// What a baseline says it is.
enum VersionText {
    /// The part of a JSON text that a pointer (RFC 6901) leads to, or all of a text; `nil` where it leads to nothing that
    /// can be shown.
    static func read(_ bytes: [UInt8], at pointer: String) -> String? {
        guard !pointer.isEmpty else { return shown(String(decoding: bytes, as: UTF8.self)) }
        let json = Data(bytes)
        let root = try? JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed)  // SAFE: no version then
        guard let root else { return nil }
        var value: Any? = root
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            if let object = value as? [String: Any] {
                value = object[key]
            } else if let list = value as? [Any], let index = Int(key), list.indices.contains(index) {
                value = list[index]
            } else {
                return nil
            }
        }
        if let text = value as? String { return shown(text) }
        if let number = value as? NSNumber { return shown(number.stringValue) }
        return nil
    }

    /// One line, not too long, without what would disturb a terminal.
    private static func shown(_ text: String) -> String? {
        let line = String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
        let trimmed = line.split(separator: " ").joined(separator: " ")
        return trimmed.isEmpty ? nil : String(trimmed.prefix(Bound.versionCharacters))
    }
}
