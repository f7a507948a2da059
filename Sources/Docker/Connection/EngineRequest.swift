internal import Foundation
internal import Model
internal import Reconciler

/// One request of the Engine API. `path` begins after the version: `/containers/json`.
struct EngineRequest: Sendable {
    enum Method: String, Sendable { case get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

    /// Whose interface it is of: Docker's, which both engines speak, or Podman's own.
    enum Dialect { case docker, podman }
    enum Body: Sendable {
        case none
        /// May hold secrets: it is sent, and never shown.
        case json([UInt8])
        case tar([UInt8])
        /// An archive too large to hold.
        case upload(Upload)
    }

    var method: Method
    var path: String
    var query: [(name: String, value: String)]
    var body: Body
    var deadline: Duration
    var dialect = Dialect.docker

    init(
        _ method: Method, _ path: String, query: [(name: String, value: String)] = [], body: Body = .none,
        deadline: Duration? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.deadline = deadline ?? (method == .get ? Bounds.read : Bounds.mutation)
    }

    static func post(
        _ path: String, query: [(name: String, value: String)] = [], json: some Encodable, for operation: String
    ) throws(HostError) -> Self {
        do {
            return Self(.post, path, query: query, body: .json(Array(try JSONEncoder().encode(json))))
        } catch {
            throw HostError(operation, .refused, "the request cannot be written as JSON")
        }
    }

    /// Path and query with everything escaped that is not plain.
    var target: String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { "\($0.name)=\(Self.escape($0.value))" }.joined(separator: "&")
    }

    /// `/images/shop/account:1`; what is not plain in a reference is escaped, its slashes are not.
    static func path(of image: ImageReference) -> String {
        "/images/" + image.text.split(separator: "/").map { escape(String($0)) }.joined(separator: "/")
    }

    /// Escapes a text for use as one part of a path, or as the value of a query.
    static func escape(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}

/// A whole answer.
struct EngineReply: Sendable {
    let status: Int
    let body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The engine's own words, cut to ``Bounds/words``.
    var message: String {
        struct Words: Decodable { let message: String }
        let words: String
        do {
            words = try JSONDecoder().decode(Words.self, from: Data(body)).message
        } catch {
            words = String(decoding: body.prefix(Bounds.words), as: UTF8.self)
        }
        let line = words.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.isEmpty ? "the engine answered \(status) and no reason" : String(line.prefix(Bounds.words))
    }

    func decode<Value: Decodable>(_: Value.Type = Value.self, for operation: String) throws(HostError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body))
        } catch let error as DecodingError {
            // The values in the answer may be secret; where it broke is enough.
            throw HostError(operation, .unreachable, "the engine's answer is not as its API says, \(place(of: error))")
        } catch {
            throw HostError(operation, .unreachable, "the engine's answer is not JSON")
        }
    }

    private func place(of error: DecodingError) -> String {
        let path: [any CodingKey] =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(let key, let context): context.codingPath + [key]
            @unknown default: []
            }
        let keys = path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
        return keys.isEmpty ? "from its first byte" : "at \(keys.joined(separator: "."))"
    }
}
