internal import Foundation
internal import Testing

/// No request is read in two ways: it is refused, or the target gets it in the one form that has one meaning.
@Suite(.serialized) struct SmugglingTests {
    @Test func aRequestWithTwoReadingsEndsIn400AndReachesNobody() async throws {
        try await Bench.record { bench, recorder in
            for probe in Smuggling.refused {
                recorder.forget()
                let client = try #require(RawConnection(to: bench.door))
                client.send(probe.bytes)
                #expect(client.answer()?.status == 400, "\(probe.name)")
                #expect(client.endsHere, "\(probe.name): the connection stays open")
                #expect(recorder.bytes == "", "\(probe.name): the target saw it")
            }
            // The gateway still serves, and what it sends is new.
            #expect(try bench.ask("/wire/after", port: bench.door).body == "/after")
            #expect(recorder.requests.count == 1)
        }
    }

    @Test func aBodyThatTurnsBadEndsTheRequestAndIsNotFollowedByAnother() async throws {
        try await Bench.record { bench, recorder in
            for (name, bytes) in Smuggling.chunks {
                recorder.forget()
                let client = try #require(RawConnection(to: bench.door))
                client.send(Smuggling.chunkedHead)
                try #require(try await eventually { recorder.bytes.contains("\r\n\r\n") }, "\(name)")
                client.send(bytes + Smuggling.second)
                let answer = client.answer()
                #expect(answer?.status == 400, "\(name)")
                #expect(client.endsHere, "\(name): the connection stays open")
                #expect(recorder.requests.isEmpty, "\(name): the target took it for whole")
                #expect(!recorder.bytes.contains("smuggled"), "\(name)")
            }
        }
    }

    /// HAProxy takes these before any rule sees them, as RFC 9112 lets it (2.2, 5.2, 6.3, 7.1.1): what is left has one
    /// reading.
    @Test func whatHAProxyPutsRightReachesTheTargetInOneForm() async throws {
        try await Bench.record { bench, recorder in
            for (name, bytes, wanted) in Normal.all {
                recorder.forget()
                let client = try #require(RawConnection(to: bench.door))
                client.send(bytes)
                for _ in wanted { #expect(client.answer()?.status == 200, "\(name)") }
                let seen = recorder.requests
                #expect(seen.map { "\($0.line) \($0.body)" } == wanted, "\(name)")
                for request in seen { expectOneReading(request, "\(name)") }
                #expect(recorder.bytes == seen.map(raw).joined(), "\(name): bytes between the requests")
                if name.contains("closed") { #expect(client.endsHere, "\(name)") }
            }
        }
    }

    /// A line that names a host must name the one that the target is told, also where that is not the client's.
    @Test(arguments: ["127.0.0.1", "localhost"])
    func aHostInTheLineIsTheHostOfTheField(target: String) async throws {
        try await Bench.record { bench, recorder in
            try await bench.lead(Bench.qa, "wire", to: recorder.port, at: target)
            let client = try #require(RawConnection(to: bench.door))
            client.send("GET http://x/wire/a?b=c HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(client.answer()?.status == 200)
            let seen = try #require(recorder.requests.first)
            let host = target == "localhost" ? "localhost:\(recorder.port)" : "x"
            #expect(seen.values("host") == [host])
            #expect(["GET /a?b=c HTTP/1.1", "GET http://\(host)/a?b=c HTTP/1.1"].contains(seen.line), "\(seen.line)")
        }
    }

    @Test(arguments: ["CONNECT x:80", "TRACE /wire/a"])
    func aMethodThatLeadsPastTheRulesIsRefused(line: String) async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            client.send("\(line) HTTP/1.1\r\nhost: x:80\r\n\r\n")
            #expect(client.answer()?.status == 405)
            #expect(recorder.bytes == "")
        }
    }

    /// A tunnel of HTTP/2 through the gateway would carry requests that no rule sees.
    @Test func anUpgradeToHTTP2IsNotPassedOn() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            client.send(
                "GET /wire/a HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
                    + "http2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n" + Smuggling.second)
            #expect(client.answer()?.body == "/a")
            #expect(client.answer()?.body == "/smuggled", "a second request, by the rules of a first")
            let seen = try #require(recorder.requests.first)
            for name in ["upgrade", "http2-settings", "connection"] { #expect(seen.values(name) == [], "\(name)") }
        }
    }

    /// A header that `Connection` names is dropped by the next that passes the request on: not one that we set.
    @Test func aClientCannotHaveTheNextHopDropACarrier() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            client.send("GET /wire/a HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, x-sandbox\r\n\r\n")
            #expect(client.answer()?.status == 200)
            let seen = try #require(recorder.requests.first)
            #expect(seen.values("connection").allSatisfy { !$0.contains("x-sandbox") })
            #expect(seen.values("x-sandbox") == ["qa"])
        }
    }

    /// The request as the recorder read it, in bytes: what it saw beyond these belongs to no request.
    private func raw(_ request: Recorder.Request) -> String {
        guard request.values("transfer-encoding") == [] else {
            let size = String(request.body.utf8.count, radix: 16)
            return request.head + (request.body.isEmpty ? "" : "\(size)\r\n\(request.body)\r\n") + "0\r\n\r\n"
        }
        return request.head + request.body
    }

    private func expectOneReading(_ request: Recorder.Request, _ name: Comment) {
        let lengths = request.values("content-length")
        let codings = request.values("transfer-encoding")
        #expect(lengths.count + codings.count <= 1, name)
        #expect(codings.allSatisfy { $0.lowercased() == "chunked" }, name)
        #expect(request.values("host").count == 1, name)
        #expect(request.line.hasSuffix(" HTTP/1.1"), name)
        let fields = request.head.components(separatedBy: "\r\n")
        #expect(fields.allSatisfy { !$0.utf8.contains { $0 < 32 && $0 != 9 || $0 == 127 } }, name)
        #expect(fields.dropFirst().dropLast(2).allSatisfy { $0.wholeMatch(of: /[a-z0-9-]+: .*/) != nil }, name)
    }
}

/// Requests that HAProxy puts right, and what the target must see of them: a line and a body each.
private enum Normal {
    static let second = Smuggling.second
    static let post = "POST /wire/a HTTP/1.1\r\nhost: x\r\n"
    static let zero = "0\r\n\r\n"
    static let both = ["POST /a HTTP/1.1 ", "GET /smuggled HTTP/1.1 "]

    static let all: [(name: String, bytes: String, wanted: [String])] = [
        (
            "a length and a coding: the coding counts, and the connection is closed",
            post + "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n" + zero + second, ["POST /a HTTP/1.1 "]
        ),
        (
            "a coding and a length: the coding counts, and the connection is closed",
            post + "transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n3\r\nabc\r\n" + zero + second,
            ["POST /a HTTP/1.1 abc"]
        ),
        (
            "two equal lengths are one",
            post + "content-length: 3\r\ncontent-length: 3\r\n\r\nabc" + second,
            ["POST /a HTTP/1.1 abc", "GET /smuggled HTTP/1.1 "]
        ),
        (
            "two equal lengths in one field are one", post + "content-length: 3, 3\r\n\r\nabc" + second,
            ["POST /a HTTP/1.1 abc", "GET /smuggled HTTP/1.1 "]
        ),
        ("a coding in capitals", post + "transfer-encoding: CHUNKED\r\n\r\n" + zero + second, both),
        ("a coding with a space behind it", post + "transfer-encoding: chunked \r\n\r\n" + zero + second, both),
        ("a coding behind a tab", post + "transfer-encoding:\tchunked\r\n\r\n" + zero + second, both),
        ("a folded coding", post + "transfer-encoding:\r\n chunked\r\n\r\n" + zero + second, both),
        ("a space behind a chunk's length", chunked("3 \r\nabc\r\n"), ["POST /a HTTP/1.1 abc", both[1]]),
        ("a bare LF behind a chunk's length", chunked("3\nabc\r\n"), ["POST /a HTTP/1.1 abc", both[1]]),
        ("a bare LF behind a chunk", chunked("3\r\nabc\n"), ["POST /a HTTP/1.1 abc", both[1]]),
        ("a chunk's extension is dropped", chunked("3;a=\"b\"\r\nabc\r\n"), ["POST /a HTTP/1.1 abc", both[1]]),
        (
            "a request for a body is its body",
            "GET /wire/a HTTP/1.1\r\nhost: x\r\ncontent-length: \(second.utf8.count)\r\n\r\n" + second,
            ["GET /a HTTP/1.1 " + second]
        ),
        ("two equal hosts are one", "GET /wire/a HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n", ["GET /a HTTP/1.1 "]),
        ("a folded field", "GET /wire/a HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n 2\r\n\r\n", ["GET /a HTTP/1.1 "]),
        ("line ends without CR", "GET /wire/a HTTP/1.1\nhost: x\nx-a: 1\n\n" + second, ["GET /a HTTP/1.1 ", both[1]]),
        ("an empty line without CR", "GET /wire/a HTTP/1.1\r\nhost: x\r\n\n" + second, ["GET /a HTTP/1.1 ", both[1]]),
        ("a field's end without CR", "GET /wire/a HTTP/1.1\r\nhost: x\nx-a: 1\r\n\r\n", ["GET /a HTTP/1.1 "]),
        ("two spaces in the line", "GET  /wire/a HTTP/1.1\r\nhost: x\r\n\r\n", ["GET /a HTTP/1.1 "]),
        ("an empty line before the request", "\r\nGET /wire/a HTTP/1.1\r\nhost: x\r\n\r\n", ["GET /a HTTP/1.1 "]),
        ("a later version", "GET /wire/a HTTP/1.9\r\nhost: x\r\n\r\n", ["GET /a HTTP/1.1 "]),
        ("a version of another protocol", "GET /wire/a HTTP/2.0\r\nhost: x\r\n\r\n", ["GET /a HTTP/1.1 "]),
    ]

    static func chunked(_ body: String) -> String { Smuggling.chunkedHead + body + zero + second }
}
