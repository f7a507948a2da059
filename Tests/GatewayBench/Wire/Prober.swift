internal import Dispatch
internal import Glibc

/// Asks for one route again and again on a connection of its own, and says when another target answered first.
final class Prober: Sendable {
    private struct Watch: Sendable {
        var route: World.Route
        var address: String
        var seen: ContinuousClock.Instant?
    }

    private let watch: Guarded<Watch?> = Guarded(nil)
    private let hasSeen = DispatchSemaphore(value: 0)
    private let worker: Worker

    init(of port: UInt16) {
        let (watch, hasSeen) = (self.watch, self.hasSeen)
        worker = Worker("prober") { worker in
            var descriptor: Int32?
            var inbox = Inbox()
            while worker.shouldGoOn {
                guard let wanted = watch.use({ $0 }), wanted.seen == nil else {
                    poll(nil, 0, 1)
                    continue
                }
                descriptor = descriptor ?? Socket.connect(to: port)
                guard let open = descriptor else {
                    poll(nil, 0, 1)
                    continue
                }
                let (address, closes) = Self.ask(wanted.route, on: open, &inbox)
                if closes {
                    close(open)
                    descriptor = nil
                    inbox.clear()
                }
                guard address == wanted.address else { continue }
                watch.use { if $0?.seen == nil { $0?.seen = .now } }
                hasSeen.signal()
            }
            if let descriptor { close(descriptor) }
        }
    }

    /// Returns once `address` answers for `route`, with the moment it was first seen to; `nil` when it does not
    /// within `limit`.
    func moment(of route: World.Route, at address: String, within limit: Duration) -> ContinuousClock.Instant? {
        begin(route, at: address)
        return end(within: limit)
    }

    /// Begins to look for `address`.
    func begin(_ route: World.Route, at address: String) {
        watch.use { $0 = Watch(route: route, address: address) }
    }

    func end(within limit: Duration) -> ContinuousClock.Instant? {
        let result = hasSeen.wait(timeout: .now() + limit.seconds)
        defer { watch.use { $0 = nil } }
        return result == .success ? watch.use { $0?.seen } : nil
    }

    func stop() { worker.stop() }

    private static func ask(
        _ route: World.Route, on descriptor: Int32, _ inbox: inout Inbox
    ) -> (address: String?, closes: Bool) {
        let text =
            "GET /\(route.serviceName)/probe?p HTTP/1.1\r\nhost: bench.example\r\nx-sandbox: \(route.sandboxName)\r\n\r\n"
        guard Socket.send(Array(text.utf8), to: descriptor) else { return (nil, true) }
        while true {
            if let message = inbox.message() {
                let address = inbox.text(message.body).split(separator: " ").first.map(String.init)
                inbox.drop(message.body.upperBound)
                return (address, message.closes)
            }
            guard inbox.fill(from: descriptor) == .some else { return (nil, true) }
        }
    }
}
