internal import Glibc

/// A WebSocket and an event stream that stay open, and what befell them.
final class OpenStreams: Sendable {
    struct Count: Sendable, Codable {
        /// Frames that came back as they were sent, and events that came in order.
        var echoes = 0
        var events = 0
        /// How often a connection ended, or said something else than it should; it was then opened again.
        var brokenSockets = 0
        var brokenEvents = 0
    }

    private static let pauseMillis: Int32 = 10
    private let count = Guarded(Count())
    private let workers: [Worker]

    /// Both are of one route, whose branch they reached.
    init(through port: UInt16, of route: World.Route) {
        let count = self.count
        workers = [
            Worker("socket") { worker in
                while worker.shouldGoOn {
                    Self.talk(worker, count, port, route)
                    guard worker.shouldGoOn else { return }
                    count.use { $0.brokenSockets += 1 }
                    poll(nil, 0, Self.pauseMillis)
                }
            },
            Worker("events") { worker in
                while worker.shouldGoOn {
                    Self.listen(worker, count, port, route)
                    guard worker.shouldGoOn else { return }
                    count.use { $0.brokenEvents += 1 }
                    poll(nil, 0, Self.pauseMillis)
                }
            },
        ]
    }

    var now: Count { count.use { $0 } }

    func stop() -> Count {
        for worker in workers { worker.stop() }
        return now
    }

    /// Returns when it is told to stop, or the connection is not what it was.
    private static func talk(_ worker: Worker, _ count: Guarded<Count>, _ port: UInt16, _ route: World.Route) {
        guard let descriptor = Socket.connect(to: port) else { return }
        defer { close(descriptor) }
        var inbox = Inbox()
        let ask =
            "GET /\(route.serviceName)/socket HTTP/1.1\r\nhost: bench.example\r\nx-sandbox: \(route.sandboxName)\r\n"
            + "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
            + "sec-websocket-key: \(WebSocketFrame.key)\r\n\r\n"
        guard Socket.send(Array(ask.utf8), to: descriptor) else { return }
        while inbox.head() == nil { guard inbox.fill(from: descriptor) == .some else { return } }
        guard let head = inbox.head(), inbox.text(head.first).hasPrefix("HTTP/1.1 101") else { return }
        inbox.drop(head.body.lowerBound)
        var number = 0
        while worker.shouldGoOn {
            number += 1
            let text = Array("frame \(number)".utf8)
            guard Socket.send(WebSocketFrame.write(text, masked: true), to: descriptor) else { return }
            var answer: [UInt8]?
            while answer == nil {
                if let (text, length) = WebSocketFrame.read(inbox) {
                    inbox.drop(length)
                    answer = text
                } else {
                    guard inbox.fill(from: descriptor) == .some else { return }
                }
            }
            guard answer == text else { return }
            count.use { $0.echoes += 1 }
            poll(nil, 0, pauseMillis)
        }
    }

    private static func listen(_ worker: Worker, _ count: Guarded<Count>, _ port: UInt16, _ route: World.Route) {
        guard let descriptor = Socket.connect(to: port) else { return }
        defer { close(descriptor) }
        var inbox = Inbox()
        let ask =
            "GET /\(route.serviceName)/events HTTP/1.1\r\nhost: bench.example\r\nx-sandbox: \(route.sandboxName)\r\n"
            + "accept: text/event-stream\r\n\r\n"
        guard Socket.send(Array(ask.utf8), to: descriptor) else { return }
        while inbox.head() == nil { guard inbox.fill(from: descriptor) == .some else { return } }
        guard let head = inbox.head(), inbox.text(head.first).hasPrefix("HTTP/1.1 200") else { return }
        inbox.drop(head.body.lowerBound)
        var number = 0
        while worker.shouldGoOn {
            // Whole lines only; sizes of chunks are lines too, and say nothing here.
            let text = inbox.text(0..<inbox.count)
            let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")).map {
                text.utf8.distance(from: text.startIndex, to: $0) + 1
            }
            if let end {
                let lines = inbox.text(0..<end).split(whereSeparator: \.isNewline)
                inbox.drop(end)
                for line in lines where line.hasPrefix("data: ") {
                    number += 1
                    guard line == "data: \(number)" else { return }
                    count.use { $0.events += 1 }
                }
            }
            guard inbox.fill(from: descriptor) == .some else { return }
        }
    }
}
