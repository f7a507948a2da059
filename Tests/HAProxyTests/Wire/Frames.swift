/// HTTP/2 without TLS, frame by frame, so that a test can say what no client would.
struct Frames {
    typealias Field = (name: String, value: String)

    /// What becomes of a stream.
    enum Ending: Hashable {
        case answered(Int)
        /// The stream is reset: a malformed request in HTTP/2 (RFC 9113, 8.1.1).
        case reset(UInt32)
        /// The whole connection is given up.
        case gone(UInt32)
        case silence

        /// Whether the request was turned down as malformed: by 400, or by the means of HTTP/2.
        var isRefusal: Bool {
            switch self {
            case .answered(let status): status == 400
            case .reset, .gone: true
            case .silence: false
            }
        }
    }

    private enum Kind: UInt8 {
        case data = 0
        case headers = 1
        case reset = 3
        case settings = 4
        case ping = 6
        case goAway = 7
    }

    let connection: RawConnection

    init?(to port: UInt16) {
        guard let connection = RawConnection(to: port) else { return nil }
        self.connection = connection
        connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        connection.send(Self.frame(.settings, flags: 0, stream: 0, []))
    }

    /// A request of which nothing follows its head, unless there is a body.
    func send(_ fields: [Field], body: String? = nil, on stream: UInt32) {
        let block = fields.flatMap(Self.literal)
        let end: UInt8 = body == nil ? 1 : 0
        connection.send(Self.frame(.headers, flags: 4 | end, stream: stream, block))
        if let body { connection.send(Self.frame(.data, flags: 1, stream: stream, Array(body.utf8))) }
    }

    /// Reads until the stream has its answer or its end.
    func ending(of stream: UInt32) -> Ending {
        while let head = connection.bytes(9) {
            let length = head[..<3].reduce(0) { $0 << 8 | Int($1) }
            let about = head[5...].reduce(0) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
            guard let body = connection.bytes(length) else { return .silence }
            switch Kind(rawValue: head[3]) {
            case .headers where about == stream: return .answered(Self.status(body))
            case .reset where about == stream: return .reset(Self.number(body))
            case .goAway: return .gone(Self.number(Array(body.dropFirst(4))))
            case .settings where head[4] & 1 == 0: connection.send(Self.frame(.settings, flags: 1, stream: 0, []))
            case .data, .headers, .reset, .settings, .ping, nil: continue
            }
        }
        return .silence
    }

    private static func frame(_ kind: Kind, flags: UInt8, stream: UInt32, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count)
        return [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), kind.rawValue, flags]
            + [24, 16, 8, 0].map { UInt8(stream >> $0 & 255) } + body
    }

    /// A field with its name in full, which is never put into the table (RFC 7541, 6.2.2).
    private static func literal(_ field: Field) -> [UInt8] { [0] + string(field.name) + string(field.value) }

    private static func string(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        var rest = bytes.count
        guard rest >= 127 else { return [UInt8(rest)] + bytes }
        rest -= 127
        var length: [UInt8] = [127]
        while rest >= 128 {
            length.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        bytes = length + [UInt8(rest)] + bytes
        return bytes
    }

    /// `:status` comes first: one of the seven of the static table, or its name from there and three digits.
    private static func status(_ block: [UInt8]) -> Int {
        let common = [200, 204, 206, 304, 400, 404, 500]
        guard let first = block.first else { return 0 }
        if first & 0x80 != 0 { return (8...14).contains(first & 0x7f) ? common[Int(first & 0x7f) - 8] : 0 }
        return Int(String(decoding: block.dropFirst(2).prefix(3), as: UTF8.self)) ?? 0
    }

    private static func number(_ bytes: [UInt8]) -> UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }
}
