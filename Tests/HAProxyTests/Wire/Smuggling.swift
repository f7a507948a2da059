/// Requests that two readers could read in two ways.
enum Smuggling {
    struct Probe: Sendable {
        let name: String
        let bytes: String
    }

    /// What would be smuggled. It has a route, so that nothing but the gateway's reading keeps it from the target.
    static let second = "GET /wire/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
    private static let post = "POST /wire/a HTTP/1.1\r\nhost: x\r\n"
    private static let get = "GET /wire/a HTTP/1.1\r\n"

    // MARK: Refused

    private static let framing: [(String, String)] = [
        ("two lengths that differ", "content-length: 0\r\ncontent-length: 4\r\n\r\n"),
        ("two lengths that differ, in one field", "content-length: 0, 4\r\n\r\n"),
        ("a length with a sign", "content-length: +5\r\n\r\nhello"),
        ("a negative length", "content-length: -1\r\n\r\nhello"),
        ("an empty length", "content-length: \r\n\r\nhello"),
        ("a hexadecimal length", "content-length: 0x5\r\n\r\nhello"),
        ("a length beyond 64 bits", "content-length: 99999999999999999999999\r\n\r\nhello"),
        ("a length of two numbers", "content-length: 5 5\r\n\r\nhello"),
        ("an unknown coding", "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("a coding behind a vertical tab", "transfer-encoding: \u{0b}chunked\r\n\r\n0\r\n\r\n"),
        ("a coding in quotes", "transfer-encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
        ("no coding", "transfer-encoding: identity\r\ncontent-length: 0\r\n\r\n"),
        ("an empty coding", "transfer-encoding:\r\n\r\n0\r\n\r\n"),
        ("chunked that is not the last coding", "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("chunked twice", "transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        ("chunked twice, in two fields", "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        (
            "chunked and another coding, in two fields",
            "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n"
        ),
        ("a space before the colon of a length", "content-length : 0\r\n\r\n"),
        ("a space before the colon of a coding", "transfer-encoding : chunked\r\n\r\n0\r\n\r\n"),
        ("a tab before the colon of a coding", "transfer-encoding\t: chunked\r\n\r\n0\r\n\r\n"),
    ]

    private static let hosts: [(String, String)] = [
        ("two hosts", "host: x\r\nhost: y\r\n\r\n"), ("no host", "\r\n"), ("an empty host", "host:\r\n\r\n"),
        ("a host with a path", "host: x/y\r\n\r\n"), ("a host with a user", "host: u@x\r\n\r\n"),
        ("a host with a space", "host: x y\r\n\r\n"), ("two hosts in one field", "host: x,y\r\n\r\n"),
        ("a host with a port beyond all", "host: x:99999999\r\n\r\n"),
        ("a host with letters for a port", "host: x:http\r\n\r\n"),
        ("a host with a query", "host: x?y\r\n\r\n"), ("a host with a fragment", "host: x#y\r\n\r\n"),
        ("a host with a backslash", "host: x\\y\r\n\r\n"),
    ]

    private static let characters: [(String, String)] = [
        ("a bare CR in a value", "host: x\r\nx-a: 1\rx-b: 2\r\n\r\n"),
        ("a bare CR for a line end", "host: x\rx-b: 2\r\n\r\n"),
        ("a folded first field", " host: x\r\nx-a: 1\r\n\r\n"), ("a field without a colon", "host: x\r\nfoo\r\n\r\n"),
        ("a field without a name", "host: x\r\n: foo\r\n\r\n"), ("NUL in a value", "host: x\r\nx-a: a\0b\r\n\r\n"),
        ("NUL in a name", "host: x\r\nx-\0a: b\r\n\r\n"), ("a control in a value", "host: x\r\nx-a: a\u{01}b\r\n\r\n"),
        ("DEL in a value", "host: x\r\nx-a: a\u{7f}b\r\n\r\n"),
        ("a control in a name", "host: x\r\nx-\u{01}a: b\r\n\r\n"),
        ("a space in a name", "host: x\r\nx a: b\r\n\r\n"), ("a parenthesis in a name", "host: x\r\nx(a: b\r\n\r\n"),
        ("a letter beyond ASCII in a name", "host: x\r\nxä: b\r\n\r\n"),
    ]

    private static let lines: [(String, String)] = [
        ("another host in the line than in the field", "GET http://y/wire/a HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a user in the line", "GET http://u@x/wire/a HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a host in the line alone", "GET http://x/wire/a HTTP/1.1\r\n\r\n"),
        ("NUL in the line", "GET /wire/a\0b HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a control in the line", "GET /wire/a\u{01}b HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a letter beyond ASCII in the line", "GET /wire/aä HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a fragment in the line", "GET /wire/a#b HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a space in the path", "GET /wire/a b HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a control in the method", "G\u{01}T /wire/a HTTP/1.1\r\nhost: x\r\n\r\n"),
        ("a version with two digits", "GET /wire/a HTTP/11.1\r\nhost: x\r\n\r\n"),
        ("another protocol", "GET /wire/a XTTP/1.1\r\nhost: x\r\n\r\n"), ("HTTP/0.9", "GET /wire/a\r\n"),
        ("chunks in HTTP/1.0", "POST /wire/a HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ]

    private static let amounts: [(String, String)] = [
        ("a head of 20 KiB", get + "host: x\r\nx-a: \(String(repeating: "a", count: 20 << 10))\r\n\r\n"),
        ("a thousand fields", get + "host: x\r\n" + String(repeating: "a: b\r\n", count: 1000) + "\r\n"),
        ("a bomb in a chunk's extension", chunked("3;\(String(repeating: "a", count: 70 << 10))\r\nabc\r\n0\r\n\r\n")),
    ]

    static let refused: [Probe] =
        framing.map { Probe(name: $0.0, bytes: post + $0.1 + second) }
        + (hosts + characters).map { Probe(name: $0.0, bytes: get + $0.1 + second) }
        + (lines + amounts + chunks.map { ($0.0, chunked($0.1)) }).map { Probe(name: $0.0, bytes: $0.1 + second) }

    // MARK: Refused in the middle of a body

    /// The target has the head by then.
    static let chunks: [(name: String, bytes: String)] = [
        ("a negative chunk", "-1\r\nabc\r\n0\r\n\r\n"),
        ("a chunk beyond 64 bits", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        ("a chunk beyond 63 bits", "8000000000000000\r\nabc\r\n0\r\n\r\n"),
        ("a chunk's length with a prefix", "0x3\r\nabc\r\n0\r\n\r\n"),
        ("a chunk's length with a sign", "+3\r\nabc\r\n0\r\n\r\n"),
        ("a space before a chunk's length", " 3\r\nabc\r\n0\r\n\r\n"),
        ("a chunk without a length", "\r\nabc\r\n0\r\n\r\n"),
        ("a chunk longer than it says", "3\r\nabcdef\r\n0\r\n\r\n"),
        ("a chunk shorter than it says", "5\r\nabc\r\n0\r\n\r\n"),
        ("a bare LF in a chunk's extension", "3;a\nb\r\nabc\r\n0\r\n\r\n"),
        ("a bare CR in a chunk's extension", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
        ("a bare CR behind a chunk's length", "3\rabc\r\n0\r\n\r\n"),
    ]

    static let chunkedHead = post + "transfer-encoding: chunked\r\n\r\n"
    private static func chunked(_ body: String) -> String { chunkedHead + body }
}
