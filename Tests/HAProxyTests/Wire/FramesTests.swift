internal import Testing

/// HTTP/2 at the door, HTTP/1.1 behind it: what has no meaning there must not be given one.
@Suite(.serialized) struct FramesTests {
    private typealias Field = Frames.Field

    private static let good: [Field] = [
        (":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/wire/a"),
    ]

    @Test func aMalformedRequestIsRefusedAndReachesNobody() async throws {
        try await Bench.record { bench, recorder in
            for (name, fields, body) in Self.malformed {
                recorder.forget()
                let client = try #require(Frames(to: bench.door))
                client.send(fields, body: body, on: 1)
                let ending = client.ending(of: 1)
                #expect(ending.isRefusal, "\(name): \(ending)")
                #expect(recorder.requests.isEmpty, "\(name): \(recorder.bytes)")
                #expect(!recorder.bytes.contains("smuggled"), "\(name): \(recorder.bytes)")
            }
        }
    }

    @Test func aGoodRequestIsAnsweredAndSoIsTheNext() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(Frames(to: bench.door))
            client.send(Self.good + [("cookie", "a=1"), ("cookie", "b=2"), ("te", "trailers")], on: 1)
            #expect(client.ending(of: 1) == .answered(200))
            client.send(Self.good.with(":method", "POST") + [("content-length", "3")], body: "abc", on: 3)
            #expect(client.ending(of: 3) == .answered(200))
            client.send(Self.good.with(":path", "/nowhere/a"), on: 5)
            #expect(client.ending(of: 5) == .answered(404))
            let seen = recorder.requests
            #expect(seen.map { "\($0.line) \($0.body)" } == ["GET /a HTTP/1.1 ", "POST /a HTTP/1.1 abc"])
            #expect(seen.first?.values("cookie") == ["a=1; b=2"])
            #expect(seen.allSatisfy { $0.values("host") == ["x"] && $0.values("x-sandbox") == ["qa"] })
        }
    }

    @Test func aMethodThatLeadsPastTheRulesIsRefused() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(Frames(to: bench.door))
            client.send([(":method", "CONNECT"), (":authority", "x:80")], on: 1)
            #expect(client.ending(of: 1) == .answered(405))
            #expect(recorder.bytes == "")
        }
    }

    /// HAProxy puts these right: what the target sees has one host, one length and no field of a connection.
    @Test func whatIsPutRightReachesTheTargetInOneForm() async throws {
        try await Bench.record { bench, recorder in
            let cases: [(String, [Field], Frames.Ending)] = [
                ("an equal host", Self.good + [("host", "x")], .answered(200)),
                ("another host: the authority counts", Self.good + [("host", "y")], .answered(200)),
                ("two other hosts", Self.good + [("host", "y"), ("host", "z")], .answered(200)),
                ("no authority but a host", Self.good.without(":authority") + [("host", "x")], .answered(200)),
            ]
            for (name, fields, wanted) in cases {
                recorder.forget()
                let client = try #require(Frames(to: bench.door))
                client.send(fields, on: 1)
                #expect(client.ending(of: 1) == wanted, "\(name)")
                #expect(recorder.requests.map { $0.values("host") } == [["x"]], "\(name)")
            }
        }
    }

    private static let malformed: [(name: String, fields: [Field], body: String?)] = [
        ("two methods", good + [(":method", "POST")], nil), ("two paths", good + [(":path", "/wire/b")], nil),
        ("two schemes", good + [(":scheme", "https")], nil), ("two authorities", good + [(":authority", "y")], nil),
        ("no method", good.without(":method"), nil), ("no scheme", good.without(":scheme"), nil),
        ("no path", good.without(":path"), nil), ("an empty path", good.with(":path", ""), nil),
        ("no authority and no host", good.without(":authority"), nil),
        ("a pseudo-header behind a header", good.without(":path") + [("x-a", "b"), (":path", "/wire/a")], nil),
        ("an unknown pseudo-header", good + [(":smuggled", "1")], nil),
        ("a pseudo-header of an answer", good + [(":status", "200")], nil),
        ("connection", good + [("connection", "keep-alive")], nil),
        ("keep-alive", good + [("keep-alive", "timeout=5")], nil),
        ("proxy-connection", good + [("proxy-connection", "keep-alive")], nil),
        ("transfer-encoding", good.with(":method", "POST") + [("transfer-encoding", "chunked")], "0\r\n\r\n"),
        ("upgrade", good + [("upgrade", "h2c")], nil), ("te", good + [("te", "chunked")], nil),
        ("capitals in a name", good + [("X-A", "b")], nil), ("an empty name", good + [("", "b")], nil),
        ("a space in a name", good + [("x a", "b")], nil), ("a colon in a name", good + [("x:a", "b")], nil),
        ("a line in a name", good + [("x: a\r\ny", "b")], nil),
        ("a line in a value", good + [("x-a", "b\r\ny: c")], nil),
        ("a request in a value", good + [("x-a", "b\r\n\r\n\(Smuggling.second)")], nil),
        ("LF in a value", good + [("x-a", "b\ny: c")], nil), ("CR in a value", good + [("x-a", "b\ry: c")], nil),
        ("NUL in a value", good + [("x-a", "b\0c")], nil),
        ("a line in the path", good.with(":path", "/wire/a HTTP/1.1\r\nx: y"), nil),
        ("a space in the path", good.with(":path", "/wire/a b"), nil),
        ("a path without /", good.with(":path", "wire/a"), nil),
        ("a fragment in the path", good.with(":path", "/wire/a#b"), nil),
        ("a line in the method", good.with(":method", "GET / HTTP/1.1\r\nx: y\r\n\r\nGET"), nil),
        ("a space in the method", good.with(":method", "GET /wire/b"), nil),
        ("a line in the authority", good.with(":authority", "x\r\ny: z"), nil),
        ("a path in the authority", good.with(":authority", "x/y"), nil),
        ("a user in the authority", good.with(":authority", "u@x"), nil),
        ("a line in the scheme", good.with(":scheme", "http://y/wire/b HTTP/1.1\r\nx: y"), nil),
        ("two lengths", good.with(":method", "POST") + [("content-length", "3"), ("content-length", "4")], "abc"),
        (
            "a longer body than its length", good.with(":method", "POST") + [("content-length", "3")],
            "abc" + Smuggling.second
        ),
        ("a shorter body than its length", good.with(":method", "POST") + [("content-length", "30")], "abc"),
        ("a length that is no number", good.with(":method", "POST") + [("content-length", "+3")], "abc"),
    ]
}

extension [Frames.Field] {
    fileprivate func without(_ name: String) -> Self { filter { $0.name != name } }
    fileprivate func with(_ name: String, _ value: String) -> Self { map { $0.name == name ? (name, value) : $0 } }
}
