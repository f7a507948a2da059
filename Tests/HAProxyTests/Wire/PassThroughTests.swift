internal import Foundation
internal import Testing

/// HTTP/1 in all its forms goes through as it is.
@Suite(.serialized) struct PassThroughTests {
    private static let host = "host: wire.example\r\n"

    // MARK: Requests

    @Test func anOldClientIsAnsweredAndTheConnectionClosed() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            client.send("GET /wire/a HTTP/1.0\r\n\r\n")
            #expect(client.answer()?.body == "/a")
            #expect(client.endsHere)
            #expect(recorder.requests.map(\.path) == ["/a"])
        }
    }

    @Test func anOldClientMayKeepItsConnection() async throws {
        try await Bench.record { bench, _ in
            let client = try #require(RawConnection(to: bench.door))
            for number in 0..<3 {
                client.send("GET /wire/\(number) HTTP/1.0\r\n\(Self.host)connection: keep-alive\r\n\r\n")
                let answer = client.answer()
                #expect(answer?.body == "/\(number)")
                #expect(answer?.headers["connection"] == "keep-alive")
            }
            client.send("GET /wire/last HTTP/1.0\r\n\(Self.host)\r\n")
            #expect(client.answer()?.body == "/last")
            #expect(client.endsHere)
        }
    }

    @Test func twentyRequestsInOneWriteAreAnsweredInOrder() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            let requests = (0..<20).map { number in
                number % 3 == 0
                    ? "POST /wire/\(number) HTTP/1.1\r\n\(Self.host)content-length: 4\r\n\r\nbody"
                    : "GET /wire/\(number) HTTP/1.1\r\n\(Self.host)\r\n"
            }
            client.send(requests.joined())
            for number in 0..<20 { #expect(client.answer()?.body == "/\(number)") }
            #expect(recorder.requests.map(\.path) == (0..<20).map { "/\($0)" })
            #expect(recorder.requests.map(\.body) == (0..<20).map { $0 % 3 == 0 ? "body" : "" })
        }
    }

    @Test func aClientThatWaitsToBeToldToContinueIsTold() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            for number in 0..<2 {
                client.send("POST /wire/a HTTP/1.1\r\n\(Self.host)expect: 100-continue\r\ncontent-length: 4\r\n\r\n")
                #expect(client.answer()?.status == 100)
                #expect(recorder.requests.count == number, "told before the target has the body")
                client.send("body")
                #expect(client.answer()?.body == "/a")
                #expect(recorder.requests.last?.body == "body")
            }
        }
    }

    @Test func trailersOfARequestReachTheTarget() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            client.send(
                "POST /wire/a HTTP/1.1\r\n\(Self.host)trailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-sum: 7\r\n\r\nGET /wire/b HTTP/1.1\r\n\(Self.host)\r\n")
            for path in ["/a", "/b"] { #expect(client.answer()?.body == path) }
            #expect(recorder.requests.first?.body == "abcdefg\r\nx-sum: 7\r\n")
        }
    }

    @Test func eightKiBOfHeadersPassEachWay() async throws {
        let values = (0..<8).map { "x-large-\($0): " + String(repeating: "\($0)", count: 1012) }
        let answers: @Sendable (Recorder.Request, RawConnection) -> Bool = { request, connection in
            let fields = (0..<8).flatMap { number in
                request.values("x-large-\(number)").map { "x-back-\(number): \($0)\r\n" }
            }
            return connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\(fields.joined())\r\n")
        }
        try await Bench.record(answering: answers) { bench, recorder in
            #expect(values.joined(separator: "\r\n").utf8.count >= 8 << 10)
            let client = try #require(RawConnection(to: bench.door))
            for _ in 0..<2 {
                client.send("GET /wire/a HTTP/1.1\r\n\(Self.host)\(values.joined(separator: "\r\n"))\r\n\r\n")
                let answer = client.answer()
                #expect(answer?.status == 200)
                for number in 0..<8 {
                    #expect(answer?.headers["x-back-\(number)"] == String(repeating: "\(number)", count: 1012))
                }
            }
        }
    }

    @Test func aClientThatSendsByteByByteIsAnswered() async throws {
        try await Bench.record { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            let request =
                "POST /wire/a HTTP/1.1\r\n\(Self.host)transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            for byte in request.utf8 { client.send([byte]) }
            #expect(client.answer()?.body == "/a")
            #expect(recorder.requests.first?.body == "abcde")
        }
    }

    @Test func aClientThatHasSaidAllStillGetsItsAnswer() async throws {
        let gate = DispatchSemaphore(value: 0)
        let answers: @Sendable (Recorder.Request, RawConnection) -> Bool = { request, connection in
            _ = gate.wait(timeout: .now() + 20)
            return Recorder.greets(request, connection)
        }
        try await Bench.record(answering: answers) { bench, recorder in
            let client = try #require(RawConnection(to: bench.door))
            client.send("POST /wire/a HTTP/1.1\r\n\(Self.host)content-length: 4\r\n\r\nbody")
            client.endSending()
            try #require(try await eventually { recorder.requests.count == 1 })
            gate.signal()
            #expect(client.answer()?.body == "/a")
            #expect(client.endsHere)
        }
    }

    // MARK: Answers

    @Test func answersWithoutABodyLeaveTheConnectionInStep() async throws {
        let answers: @Sendable (Recorder.Request, RawConnection) -> Bool = { request, connection in
            switch request.path {
            case "/none": connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            case "/same": connection.send("HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\ncontent-length: 5\r\n\r\n")
            case "/empty": connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            case "/early":
                connection.send(
                    "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            default: Recorder.greets(request, connection)
            }
        }
        try await Bench.record(answering: answers) { bench, _ in
            let client = try #require(RawConnection(to: bench.door))
            for _ in 0..<3 {
                client.send(
                    "HEAD /wire/head HTTP/1.1\r\n\(Self.host)\r\nGET /wire/none HTTP/1.1\r\n\(Self.host)\r\n"
                        + "GET /wire/same HTTP/1.1\r\n\(Self.host)\r\nGET /wire/empty HTTP/1.1\r\n\(Self.host)\r\n"
                        + "GET /wire/early HTTP/1.1\r\n\(Self.host)\r\nGET /wire/a HTTP/1.1\r\n\(Self.host)\r\n")
                let head = client.answer(to: "HEAD")
                #expect(head?.status == 200 && head?.headers["content-length"] == "5")
                #expect(client.answer()?.status == 204)
                let same = client.answer()
                #expect(same?.status == 304 && same?.headers["etag"] == "\"1\"")
                #expect(client.answer()?.status == 200)
                #expect(client.answer()?.status == 103)
                #expect(client.answer()?.body == "ok")
                #expect(client.answer()?.body == "/a")
            }
        }
    }

    @Test func chunksAndTrailersOfAnAnswerArriveAsTheyAreSent() async throws {
        let gate = DispatchSemaphore(value: 0)
        let answers: @Sendable (Recorder.Request, RawConnection) -> Bool = { _, connection in
            connection.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n")
            for number in 0..<20 {
                guard gate.wait(timeout: .now() + 20) == .success else { return false }
                connection.send("9\r\npiece \(number + 10)\n\r\n")
            }
            return connection.send("0\r\nx-sum: 180\r\n\r\n")
        }
        try await Bench.record(answering: answers) { bench, _ in
            let client = try #require(RawConnection(to: bench.door))
            let start = ContinuousClock.now
            for _ in 0..<2 {
                client.send("GET /wire/a HTTP/1.1\r\n\(Self.host)\r\n")
                let head = client.read(through: "\r\n\r\n")
                #expect(head?.contains("transfer-encoding: chunked") == true)
                for number in 0..<20 {
                    gate.signal()
                    #expect(client.read(through: "\n\r\n") == "9\r\npiece \(number + 10)\n\r\n")
                }
                #expect(client.read(through: "\r\n\r\n") == "0\r\nx-sum: 180\r\n\r\n")
            }
            // A kernel that waits for more to fill a packet waits 200 ms a piece.
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func anAnswerThatEndsWithItsConnectionIsWhole() async throws {
        let answers: @Sendable (Recorder.Request, RawConnection) -> Bool = { _, connection in
            connection.send("HTTP/1.0 200 OK\r\n\r\n" + String(repeating: "old ", count: 50_000))
            return false
        }
        try await Bench.record(answering: answers) { bench, _ in
            let client = try #require(RawConnection(to: bench.door))
            client.send("GET /wire/a HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(client.answer()?.body == String(repeating: "old ", count: 50_000))
        }
    }

    @Test func aLargeAnswerToAClientThatDoesNotReadHindersNobodyAndComesWhole() async throws {
        let piece = Data((0..<(64 << 10)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        let answers: @Sendable (Recorder.Request, RawConnection) -> Bool = { request, connection in
            guard request.path == "/large" else { return Recorder.greets(request, connection) }
            connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(16 << 20)\r\n\r\n")
            for number in 0..<256 {
                guard connection.send([UInt8(number)] + piece.dropFirst()) else { return false }
            }
            return true
        }
        try await Bench.record(answering: answers) { bench, _ in
            let slow = try #require(RawConnection(to: bench.door))
            slow.send("GET /wire/large HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(slow.read(through: "\r\n\r\n")?.hasPrefix("HTTP/1.1 200 ") == true)
            for number in 0..<100 {
                #expect(try bench.ask("/wire/\(number)", port: bench.door).body == "/\(number)")
            }
            for number in 0..<256 {
                let part = try #require(slow.bytes(piece.count))
                #expect(part[0] == UInt8(number))
                #expect(Data(part).dropFirst() == piece.dropFirst(), "piece \(number) differs")
            }
            slow.send("GET /wire/next HTTP/1.1\r\n\(Self.host)\r\n")
            #expect(slow.answer()?.body == "/next", "nothing more than its length was sent")
        }
    }
}
