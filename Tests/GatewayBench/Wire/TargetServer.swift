internal import Glibc

/// All targets of a world in one thread.
///
/// It answers `address text`, where the address is its own as the request reached it, and the text is what was posted
/// or stands behind `?`. A WebSocket is echoed frame by frame, `/events` is an endless stream of numbered events.
final class TargetServer: Sendable {
    static let eventMillis = 20

    let port: UInt16
    private let worker: Worker

    init?() {
        let port = FreePort.one()
        guard let listener = Socket.listen(on: port) else { return nil }
        self.port = port
        worker = Worker("targets") { worker in
            var server = Serving(listener: listener)
            while worker.shouldGoOn { server.turn() }
            server.end()
        }
    }

    func stop() { worker.stop() }
}

private struct Serving {
    private final class Client {
        let address: String
        var inbox = Inbox()
        var isSocket = false
        var events: Int?

        init(address: String) { self.address = address }
    }

    private let listener: Int32
    private var poller = Poller()
    private var clients: [Int32: Client] = [:]
    private var nextEvent = ContinuousClock.now

    init(listener: Int32) {
        self.listener = listener
        poller.add(listener)
    }

    mutating func turn() {
        for descriptor in poller.wait(millis: Int32(TargetServer.eventMillis)) {
            if descriptor == listener { accept() } else { serve(descriptor) }
        }
        if ContinuousClock.now >= nextEvent { sendEvents() }
    }

    mutating func end() {
        for descriptor in clients.keys { close(descriptor) }
        close(listener)
    }

    private mutating func accept() {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            Socket.setDelay(descriptor)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            clients[descriptor] = Client(address: Socket.ownAddress(of: descriptor))
            poller.add(descriptor)
        }
    }

    private mutating func drop(_ descriptor: Int32) {
        clients[descriptor] = nil
        poller.remove(descriptor)
        close(descriptor)
    }

    private mutating func serve(_ descriptor: Int32) {
        guard let client = clients[descriptor] else { return }
        if client.inbox.fill(from: descriptor) == .ended { return drop(descriptor) }
        if client.isSocket {
            if !echo(client, descriptor) { drop(descriptor) }
            return
        }
        while let message = client.inbox.message() {
            let isGood = answer(message, client, descriptor)
            client.inbox.drop(message.body.upperBound)
            guard isGood, !message.closes else { return drop(descriptor) }
            if client.isSocket || client.events != nil { return }
        }
    }

    private func answer(_ message: Message, _ client: Client, _ descriptor: Int32) -> Bool {
        let words = client.inbox.text(message.first).split(separator: " ")
        guard words.count == 3 else { return false }
        if message.upgrades {
            client.isSocket = true
            return Socket.send(Array(WebSocketFrame.acceptance.utf8), to: descriptor)
        }
        if words[1].hasPrefix("/events") {
            client.events = 0
            let head = "content-type: text/event-stream\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n"
            return Socket.send(
                Array("HTTP/1.1 200 OK\r\n\(head)transfer-encoding: chunked\r\n\r\n".utf8), to: descriptor)
        }
        let text =
            message.body.isEmpty ? words[1].drop { $0 != "?" }.dropFirst() : client.inbox.text(message.body)[...]
        let body = "\(client.address) \(text)\n"
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        return Socket.send(Array(answer.utf8), to: descriptor)
    }

    private func echo(_ client: Client, _ descriptor: Int32) -> Bool {
        while let (text, length) = WebSocketFrame.read(client.inbox) {
            client.inbox.drop(length)
            guard Socket.send(WebSocketFrame.write(text, masked: false), to: descriptor) else { return false }
        }
        return true
    }

    private mutating func sendEvents() {
        nextEvent = ContinuousClock.now.advanced(by: .milliseconds(TargetServer.eventMillis))
        for (descriptor, client) in clients {
            guard let number = client.events else { continue }
            client.events = number + 1
            let event = "data: \(number + 1)\n\n"
            let chunk = "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n"
            if !Socket.send(Array(chunk.utf8), to: descriptor) { drop(descriptor) }
        }
    }
}

/// RFC 6455, as much as a small text needs.
enum WebSocketFrame {
    /// The key and the acceptance of the RFC's own example.
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let acceptance =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        + "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    private static let mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]

    static func write(_ text: [UInt8], masked: Bool) -> [UInt8] {
        precondition(text.count < 126, "a short text")
        let head: [UInt8] = [0x81, UInt8(text.count) | (masked ? 0x80 : 0)]
        guard masked else { return head + text }
        return head + mask + text.indices.map { text[$0] ^ mask[$0 % 4] }
    }

    /// The text of the first frame and the length of the frame, once all of it is here.
    static func read(_ inbox: Inbox) -> (text: [UInt8], length: Int)? {
        guard inbox.count >= 2 else { return nil }
        let isMasked = inbox[1] & 0x80 != 0
        let length = Int(inbox[1] & 0x7f)
        let start = isMasked ? 6 : 2
        guard inbox.count >= start + length else { return nil }
        let text = (0..<length).map { inbox[start + $0] ^ (isMasked ? inbox[2 + $0 % 4] : 0) }
        return (text, start + length)
    }
}
