import Foundation
import Testing

/// As much of JSON Schema as `schemas/plan.v1.json` uses; a word it does not know is a failure, not a shrug.
struct SchemaValidator {
    private let root: [String: Any]

    init(_ root: [String: Any]) { self.root = root }

    /// The one of `schemas/<name>.json`.
    init(named name: String) throws {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "schemas/\(name).json")
        self.init(try jsonObject(String(contentsOf: file, encoding: .utf8)))
    }

    /// Expects that a document has nothing that its schema does not describe, and that the schema misses any key.
    static func expect(
        _ text: String, toKeepTo name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let validator = try SchemaValidator(named: name)
        let object = try jsonObject(text)
        #expect(validator.problems(of: object) == [], sourceLocation: sourceLocation)
        for key in object.keys {
            #expect(
                !validator.problems(of: object.filter { $0.key != key }).isEmpty, "\(key) is missing",
                sourceLocation: sourceLocation)
        }
    }

    /// What is wrong with `value`, each with its path.
    func problems(of value: Any) -> [String] { check(value, root, "$") }

    private func check(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        var problems: [String] = []
        for (word, argument) in schema.sorted(by: { $0.key < $1.key }) {
            switch (word, argument) {
            case ("$schema", _), ("$id", _), ("title", _), ("description", _), ("$defs", _): break
            case ("$ref", let name as String):
                let definitions = root["$defs"] as? [String: [String: Any]] ?? [:]
                guard let definition = definitions[String(name.dropFirst("#/$defs/".count))] else {
                    return ["\(path): \(name) is not defined"]
                }
                problems += check(value, definition, path)
            case ("anyOf", let choices as [[String: Any]]):
                if choices.allSatisfy({ !check(value, $0, path).isEmpty }) {
                    problems.append("\(path): matches none of anyOf")
                }
            case ("const", let wanted):
                if !isEqual(value, wanted) { problems.append("\(path): is not \(wanted)") }
            case ("enum", let wanted as [Any]):
                if !wanted.contains(where: { isEqual(value, $0) }) { problems.append("\(path): is none of \(wanted)") }
            case ("type", let type as String):
                if !has(value, [type]) { problems.append("\(path): is no \(type)") }
            case ("type", let types as [String]):
                if !has(value, types) { problems.append("\(path): is none of \(types)") }
            case ("required", let keys as [String]):
                let object = value as? [String: Any] ?? [:]
                problems += keys.filter { object[$0] == nil }.map { "\(path): lacks \($0)" }
            case ("properties", let properties as [String: [String: Any]]):
                for (key, inner) in value as? [String: Any] ?? [:] {
                    if let schema = properties[key] { problems += check(inner, schema, "\(path).\(key)") }
                }
            case ("additionalProperties", let allowed as Bool):
                let known = (schema["properties"] as? [String: Any] ?? [:]).keys
                let object = value as? [String: Any] ?? [:]
                if !allowed {
                    problems += object.keys.filter { !known.contains($0) }.map { "\(path): \($0) is not described" }
                }
            case ("items", let schema as [String: Any]):
                for (index, item) in (value as? [Any] ?? []).enumerated() {
                    problems += check(item, schema, "\(path)[\(index)]")
                }
            case ("minimum", let least as Int):
                if let number = value as? Int, number < least { problems.append("\(path): is below \(least)") }
            case ("pattern", let pattern as String):
                if let text = value as? String, text.range(of: pattern, options: .regularExpression) == nil {
                    problems.append("\(path): \(text) does not match \(pattern)")
                }
            case (let word, _): problems.append("\(path): the schema says \(word), which this test cannot check")
            }
        }
        return problems
    }

    private func has(_ value: Any, _ types: [String]) -> Bool {
        types.contains { type in
            switch type {
            case "object": value is [String: Any]
            case "array": value is [Any]
            case "string": value is String
            case "integer": value is Int && !isBoolean(value)
            case "boolean": isBoolean(value)
            case "null": value is NSNull
            default: false
            }
        }
    }

    /// Foundation reads `true` as a number that remembers its type.
    private func isBoolean(_ value: Any) -> Bool {
        guard let number = value as? NSNumber else { return false }
        return String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }

    private func isEqual(_ one: Any, _ other: Any) -> Bool {
        (one as? NSObject).map { $0.isEqual(other) } ?? false
    }
}
