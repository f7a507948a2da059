/// An answer of the gateway, and what the target says that it saw.
struct LawAnswer {
    struct Seen {
        let address: String
        /// The request line.
        let first: String
        let headers: [(name: String, value: String)]

        func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
    }

    let status: Int
    let headers: [(name: String, value: String)]
    let body: String
    let seen: Seen?

    /// `nil` where the connection ended.
    init?(from stream: ByteStream) {
        guard let head = stream.head() else { return nil }
        var lines = Self.lines(head)[...]
        guard let first = lines.popFirst() else { return nil }
        status = Int(first.split(separator: " ").dropFirst().first ?? "") ?? 0
        headers = Self.headers(lines)
        let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard let bytes = stream.bytes(length) else { return nil }
        guard status == 200 else {
            body = String(decoding: bytes, as: UTF8.self)
            seen = nil
            return
        }
        let told = Self.lines(bytes)
        body = ""
        guard told.count > 1 else {
            seen = nil
            return
        }
        seen = Seen(address: told[0], first: told[1], headers: Self.headers(told[2...]))
    }

    var closes: Bool { one("connection") == "close" }

    func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

    func one(_ name: String) -> String { all(name).joined(separator: "\n") }

    private static func lines(_ bytes: ArraySlice<UInt8>) -> [String] {
        String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map(String.init)
    }

    private static func headers(_ lines: ArraySlice<String>) -> [(name: String, value: String)] {
        lines.compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (line[..<colon].lowercased(), String(value))
        }
    }
}
