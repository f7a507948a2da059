internal import Glibc

/// Clients that ask without pause on connections they keep, GET and POST in turn, and look at every answer.
final class Load: Sendable {
    static let connections = 32

    /// Why a request did not get the answer it should have got.
    enum Failure: String, Hashable, Sendable, CaseIterable {
        case refused = "connection refused"
        case cut = "connection cut without an answer"
        case silent = "no answer within 10 s"
        case status = "an error status"
        case elsewhere = "answered by another target"
        case stale = "answered by the old target after the flip was done"
        case garbled = "not the answer to this request"
    }

    struct Count: Sendable {
        var requests = 0
        var failures: [Failure: Int] = [:]
        /// Up to a few, for people.
        var examples: [String] = []
        /// Of answered requests, in microseconds.
        var latencies: [Int32] = []
        var seconds = 0.0

        var failed: Int { failures.values.reduce(0, +) }
    }

    private let count = Guarded(Count())
    private let worker: Worker
    private let start = ContinuousClock.now

    init(to port: UInt16, routes: [World.Route], flipped: Int, board: Board) {
        let count = self.count
        worker = Worker("load") { worker in
            var asking = Asking(port: port, routes: routes, flipped: flipped, board: board)
            while worker.shouldGoOn {
                asking.turn()
                let batch = asking.take()
                count.use { $0.add(batch) }
            }
            asking.end()
        }
    }

    var requests: Int { count.use { $0.requests } }

    func stop() -> Count {
        worker.stop()
        let seconds = (ContinuousClock.now - start).seconds
        return count.use {
            $0.seconds = seconds
            return $0
        }
    }
}

extension Load.Count {
    private static let examples = 5

    mutating func add(_ other: Load.Count) {
        requests += other.requests
        failures.merge(other.failures, uniquingKeysWith: +)
        examples = Array((examples + other.examples).prefix(Self.examples))
        latencies += other.latencies
        seconds += other.seconds
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
    var millis: Double { seconds * 1000 }
}

private struct Asking {
    private final class Client {
        var descriptor: Int32
        var inbox = Inbox()
        var route = 0
        var nonce = ""
        var isPost = false
        var state = Board.State()
        var askedAt = ContinuousClock.now

        init(descriptor: Int32) { self.descriptor = descriptor }
    }

    private static let padding = String(repeating: ".", count: 200)
    private static let silence = Duration.seconds(10)
    /// A gateway that is not there is not asked as fast as we can: that would only be counted as so many failures.
    private static let pauseMillis: Int32 = 20

    private let port: UInt16
    private let routes: [World.Route]
    private let flipped: Int
    private let board: Board
    private var poller = Poller()
    private var clients: [Int32: Client] = [:]
    private var count = Load.Count()
    private var asked: UInt64 = 0
    private var nextLook = ContinuousClock.now

    init(port: UInt16, routes: [World.Route], flipped: Int, board: Board) {
        self.port = port
        self.routes = routes
        self.flipped = flipped
        self.board = board
    }

    mutating func turn() {
        while clients.count < Load.connections {
            guard let descriptor = Socket.connect(to: port) else {
                count.requests += 1
                fail(.refused, "cannot connect to port \(port)")
                poll(nil, 0, Self.pauseMillis)
                return
            }
            let client = Client(descriptor: descriptor)
            clients[descriptor] = client
            poller.add(descriptor)
            ask(client)
        }
        for descriptor in poller.wait(millis: 100) {
            if let client = clients[descriptor] { read(client) }
        }
        lookForSilence()
    }

    mutating func take() -> Load.Count {
        defer { count = Load.Count() }
        return count
    }

    func end() { for descriptor in clients.keys { close(descriptor) } }

    private mutating func ask(_ client: Client) {
        asked += 1
        let dice = Int(truncatingIfNeeded: (asked &* 0x9e37_79b9_7f4a_7c15) >> 33)
        client.route = dice & 1 == 0 && flipped > 0 ? (dice >> 1) % flipped : (dice >> 1) % routes.count
        client.isPost.toggle()
        client.nonce = "n\(asked)"
        client.state = board.state(client.route)
        client.askedAt = .now
        let route = routes[client.route]
        let path = "/\(route.serviceName)/item"
        let common = "host: bench.example\r\nx-sandbox: \(route.sandboxName)\r\naccept: */*\r\n"
        let text: String
        if client.isPost {
            client.nonce += Self.padding
            let length = client.nonce.utf8.count
            text = "POST \(path) HTTP/1.1\r\n\(common)content-length: \(length)\r\n\r\n\(client.nonce)"
        } else {
            text = "GET \(path)?\(client.nonce) HTTP/1.1\r\n\(common)\r\n"
        }
        if !Socket.send(Array(text.utf8), to: client.descriptor) { lose(client, .cut) }
    }

    private mutating func read(_ client: Client) {
        if client.inbox.fill(from: client.descriptor) == .ended { return lose(client, .cut) }
        guard let message = client.inbox.message() else { return }
        count.requests += 1
        count.latencies.append(Int32(clamping: Int((ContinuousClock.now - client.askedAt).seconds * 1e6)))
        judge(client, message)
        client.inbox.drop(message.body.upperBound)
        if message.closes { drop(client) } else { ask(client) }
    }

    private mutating func judge(_ client: Client, _ message: Message) {
        let first = client.inbox.text(message.first)
        let body = client.inbox.text(message.body)
        let parts = body.split(separator: " ", maxSplits: 1)
        let route = routes[client.route]
        guard first.hasPrefix("HTTP/1.1 200 ") else { return fail(.status, "\(route.key): \(first)") }
        guard parts.count == 2, parts[1] == "\(client.nonce)\n" else { return fail(.garbled, "\(route.key): \(body)") }
        let now = board.state(client.route)
        let isKnown = now == client.state && now.isSettled
        guard parts[0] != route.address(now.side) else { return }
        guard parts[0] == route.address(now.side.other) else { return fail(.elsewhere, "\(route.key): \(body)") }
        if client.route >= flipped { return fail(.elsewhere, "\(route.key): \(body)") }
        if isKnown { fail(.stale, "\(route.key): \(body)") }
    }

    private mutating func lookForSilence() {
        let now = ContinuousClock.now
        guard now >= nextLook else { return }
        nextLook = now.advanced(by: .seconds(1))
        for client in Array(clients.values) where now - client.askedAt > Self.silence { lose(client, .silent) }
    }

    private mutating func lose(_ client: Client, _ failure: Load.Failure) {
        count.requests += 1
        fail(failure, "\(routes[client.route].key): \(client.isPost ? "POST" : "GET")")
        drop(client)
    }

    private mutating func drop(_ client: Client) {
        clients[client.descriptor] = nil
        poller.remove(client.descriptor)
        close(client.descriptor)
    }

    private mutating func fail(_ failure: Load.Failure, _ example: String) {
        count.failures[failure, default: 0] += 1
        if count.examples.isEmpty { count.examples.append("\(failure.rawValue): \(example)") }
    }
}
