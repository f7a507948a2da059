import Foundation
import Testing

@testable import Manifest

/// The decoder and the schemas are made of the same tables; these walk the tables and look into the schemas.
@Suite struct TableTests {
    @Test func everyKeyOfTheDecoderIsInTheSchemaOfItsKind() throws {
        let texts = Dictionary(uniqueKeysWithValues: Schemas.all().map { ($0.file, $0.text) })
        for table in KindTable.all {
            for file in ["\(table.kind.rawValue.lowercased()).json", "berth.json"] {
                let schema = try JSONSerialization.jsonObject(with: Data(#require(texts[file]).utf8))
                let root = try #require(schema as? [String: Any])
                let definitions = try #require(root["$defs"] as? [String: [String: Any]])
                for (title, keys) in records(of: table) {
                    let properties = try #require(definitions[title]?["properties"] as? [String: Any], "\(title)")
                    #expect(Set(properties.keys) == keys, "\(title) in \(file)")
                    #expect(definitions[title]?["additionalProperties"] as? Bool == false)
                }
            }
        }
    }

    @Test func everyKeyOfAnAgentIsInItsSchemaWithASentence() throws {
        let text = try #require(Schemas.all().first { $0.file == "agent.json" }?.text)
        let root = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let definitions = try #require(root["$defs"] as? [String: [String: Any]])
        let records = records(in: AgentConfiguration.shape.schema, "")
        #expect(Set(records.map(\.0)) == ["agent", "agentRepository", "agentPorts", "agentLimits"])
        for (title, keys) in records {
            let properties = try #require(definitions[title]?["properties"] as? [String: [String: Any]], "\(title)")
            #expect(Set(properties.keys) == keys, "\(title)")
            for (key, property) in properties {
                #expect((property["description"] as? String)?.hasSuffix(".") == true, "\(title).\(key)")
            }
        }
    }

    @Test func recordsOfOneTitleHaveTheSameKeys() {
        var known: [String: Set<String>] = [:]
        for (title, keys) in KindTable.all.flatMap(records) {
            #expect(known[title, default: keys] == keys, "two records are called \(title)")
            known[title] = keys
        }
    }

    @Test func everyKeyHasASentence() {
        for table in KindTable.all {
            for field in table.short.fields + table.long.fields {
                #expect(field.doc.hasSuffix("."), "\(table.kind.key).\(field.name)")
            }
        }
    }

    private func records(of table: KindTable) -> [(String, Set<String>)] {
        records(in: .record(table.short), "") + records(in: .record(table.long), "")
    }

    private func records(in schema: Schema, _ suffix: String) -> [(String, Set<String>)] {
        switch schema {
        case .anyText, .text, .quantity, .integer, .boolean, .choice: []
        case .list(let inner, _), .map(let inner, _): records(in: inner, suffix)
        case .either(let choices): choices.flatMap { records(in: $0, suffix) }
        case .parameterised(let inner): records(in: inner, "InTemplate")
        case .record(let record):
            [(record.title + suffix, Set(record.fields.map(\.name)))]
                + record.fields.flatMap { records(in: $0.schema, suffix) }
        }
    }
}
