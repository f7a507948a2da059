internal import Foundation

/// What an HTTP server answered.
struct Answer: Sendable, Hashable {
    let status: Int
    let headers: [String: String]
    let body: String

    /// The words of the body without white space around them.
    var text: String { body.trimmingCharacters(in: .whitespacesAndNewlines) }
    /// Who the gateway says it sent the request to, and why: `sandbox/service@branch by header`.
    var route: String { headers["x-sandbox-route"] ?? "" }

    init(_ bytes: [UInt8]) throws {
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        guard let end else { throw Trouble("no answer, but \(bytes.count) bytes") }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        guard let status = head.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw Trouble("no status line: \(head.first ?? "")")
        }
        self.status = status
        let pairs = head.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        headers = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        body = String(decoding: bytes[end.upperBound...], as: UTF8.self)
        if let length = headers["content-length"].flatMap({ Int($0) }), length != bytes.count - end.upperBound {
            throw Trouble("an answer of \(bytes.count - end.upperBound) bytes that promised \(length)")
        }
    }
}

extension Wire {
    /// Version 1.0 by choice: nobody answers that in chunks or keeps the connection.
    func get(_ path: String, _ headers: [String: String] = [:], method: String = "GET") throws -> Answer {
        let named = ["Host": "localhost"].merging(headers) { _, new in new }
        let lines = named.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
        return try Answer(try exchange("\(method) \(path) HTTP/1.0\r\n\(lines)\r\n"))
    }
}
