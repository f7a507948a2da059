internal import AgentProtocol
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// Closes a connection from which nothing comes that can be decrypted: within ``Bounds/handshake`` at its beginning, and
/// within ``StreamBounds/silence`` later. Both ends ping each other more often than that; the pings of the library tell
/// only the one that dialled of a dead line, and leave the other to wait for the system.
final class Watch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// When something came last; `nil` before the first.
    private final class Ear: Sendable {
        private let last = Mutex<NIODeadline?>(nil)

        /// Returns whether it is the first.
        func hear(at time: NIODeadline) -> Bool {
            last.withLock { last in
                defer { last = time }
                return last == nil
            }
        }

        /// By when something must have come.
        func deadline(since start: NIODeadline) -> NIODeadline {
            last.withLock { $0.map { $0 + TimeAmount(StreamBounds.silence) } ?? start + TimeAmount(Bounds.handshake) }
        }
    }

    private let ear = Ear()
    private let heard: @Sendable () -> Void

    /// `heard` is told once, when the other side has proved that it has the keys.
    init(heard: @escaping @Sendable () -> Void = {}) { self.heard = heard }

    func channelActive(context: ChannelHandlerContext) {
        Self.wake(context.channel, ear, start: .now())
        context.fireChannelActive()
    }

    private static func wake(_ channel: any Channel, _ ear: Ear, start: NIODeadline) {
        channel.eventLoop.scheduleTask(deadline: ear.deadline(since: start)) {
            guard channel.isActive else { return }
            guard ear.deadline(since: start) <= .now() else { return wake(channel, ear, start: start) }
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if ear.hear(at: .now()) { heard() }
        context.fireChannelRead(data)
    }
}
