internal import AgentProtocol
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// Bounds what strangers can make a listener hold: connections, and those of them that have not proved anything yet.
final class Gate: Sendable {
    /// Connections at once; an agent has one, and for moments two.
    static let mostConnections = 4096
    /// Connections that have not finished their handshake. More come when a controller is back and all agents dial; those
    /// turned away try again later, each at a time of its own.
    static let mostHandshakes = 512

    private struct Counts {
        var connections = 0
        var handshakes = 0
    }

    private let counts = Mutex(Counts())

    /// Lets a connection in or closes it.
    func admit(_ channel: any Channel, with encryption: ListenerEncryption) -> EventLoopFuture<Void> {
        let isAdmitted = counts.withLock { counts in
            guard counts.connections < Self.mostConnections, counts.handshakes < Self.mostHandshakes else {
                return false
            }
            counts.connections += 1
            counts.handshakes += 1
            return true
        }
        guard isAdmitted else { return channel.close() }
        channel.closeFuture.whenComplete { [self] _ in counts.withLock { $0.connections -= 1 } }
        let pass = Pass { [self] in counts.withLock { $0.handshakes -= 1 } }
        // Whatever becomes of the handshake, it is over when the connection is.
        channel.closeFuture.whenComplete { _ in pass.use() }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let handler = try encryption.handler()
            try pipeline.addHandler(handler, position: .first)
            try pipeline.addHandler(Watch(heard: pass.use), position: .after(handler))
        }
    }

    /// Counts one handshake as over, once.
    final class Pass: Sendable {
        private let isUsed = Mutex(false)
        private let done: @Sendable () -> Void

        init(_ done: @escaping @Sendable () -> Void) { self.done = done }

        func use() {
            let isFirst = isUsed.withLock { isUsed in
                defer { isUsed = true }
                return !isUsed
            }
            if isFirst { done() }
        }
    }
}
