import Foundation
import SwiftProtobuf
import Testing

/// The compiler of the schema, as Debian has it (`protobuf-compiler`): what it says of `schemas/agent/v1` is not what
/// our generated code says of itself.
enum Protoc {
    /// The longest that one call may take, in seconds.
    private static let patience = 120

    private static let root: URL = {
        var folder = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.appending(path: "schemas/agent/v1").path()) {
            precondition(folder.pathComponents.count > 1, "the tests are not inside the repository")
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    /// Its own reading of all files of the schema.
    static func descriptors() throws -> [Google_Protobuf_FileDescriptorProto] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "protoc-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let set = folder.appending(path: "set")
        _ = try run(["--include_source_info", "--descriptor_set_out=\(set.path())"] + sources(), input: Data())
        return try Google_Protobuf_FileDescriptorSet(serializedBytes: Data(contentsOf: set)).file
    }

    /// The text of a message of this type.
    static func text(of bytes: [UInt8], _ type: String) throws -> Data {
        try run(["--decode=\(package).\(type)"] + sources(), input: Data(bytes))
    }

    /// The bytes that the text of a message of this type stands for.
    static func bytes(of text: Data, _ type: String) throws -> [UInt8] {
        [UInt8](try run(["--encode=\(package).\(type)"] + sources(), input: text))
    }

    static let package = "berth.agent.v1"

    private static func sources() throws -> [String] {
        let folder = root.appending(path: "schemas/agent/v1")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        return files.filter { $0.hasSuffix(".proto") }.map { "agent/v1/\($0)" }
    }

    private struct Failure: Error, CustomStringConvertible { let description: String }

    private static func run(_ arguments: [String], input: Data) throws -> Data {
        let name = FileManager.default.temporaryDirectory.appending(path: "protoc-\(UUID().uuidString)")
        let (given, told, complaint) = (
            name.appendingPathExtension("in"), name.appendingPathExtension("out"), name.appendingPathExtension("err")
        )
        defer { for file in [given, told, complaint] { try? FileManager.default.removeItem(at: file) } }
        try input.write(to: given)
        for file in [told, complaint] { try Data().write(to: file) }

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.currentDirectoryURL = root
        process.arguments = ["timeout", "\(patience)", "protoc", "--proto_path=schemas"] + arguments
        process.standardInput = try FileHandle(forReadingFrom: given)
        process.standardOutput = try FileHandle(forWritingTo: told)
        process.standardError = try FileHandle(forWritingTo: complaint)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = String(decoding: try Data(contentsOf: complaint), as: UTF8.self)
            throw Failure(
                description:
                    "protoc (Debian's package protobuf-compiler) ended with \(process.terminationStatus): \(words)"
            )
        }
        return try Data(contentsOf: told)
    }
}
