internal import AgentProtocol
internal import GRPCCore

/// A link over one stream: frames are bytes between the two ends of it, and whoever holds it waits for the stream.
///
/// What is on its way is one frame in each direction, beside what the flow control of the stream lets through.
final class FrameLink<Outgoing: Sendable, Incoming: Sendable>: Link {
    /// A frame as it came.
    enum Received {
        case frame(Incoming)
        /// Nothing for whoever holds the link: this is sent back in its place.
        case answer(Outgoing)
    }

    private let encode: @Sendable (Outgoing) -> [UInt8]
    private let decode: @Sendable ([UInt8]) throws(LinkError) -> Received
    private let outbox = Handoff<[UInt8]>()
    private let inbox = Handoff<[UInt8]>()
    private let ending = Handoff<Never>()

    init(
        encode: @escaping @Sendable (Outgoing) -> [UInt8],
        decode: @escaping @Sendable ([UInt8]) throws(LinkError) -> Received
    ) {
        self.encode = encode
        self.decode = decode
    }

    func send(_ frame: Outgoing) async throws(LinkError) {
        let bytes = encode(frame)
        guard bytes.count <= Bounds.frame else { throw Self.oversize(bytes.count) }
        try await outbox.offer(bytes)
    }

    func receive() async throws(LinkError) -> Incoming? {
        while let bytes = try await inbox.take() {
            switch try decode(bytes) {
            case .frame(let frame): return frame
            case .answer(let answer): try await send(answer)
            }
        }
        guard !Task.isCancelled else { throw LinkError(.lost, "the wait for a frame was given up") }
        return nil
    }

    func close() async { end(LinkError(.lost, "the link was closed on this side")) }

    /// Ends it for whoever holds it; `nil` is an orderly end. What the stream took already is still sent.
    func end(_ error: LinkError?) {
        outbox.finish(error)
        inbox.finish(error)
        ending.finish(nil)
    }

    /// Returns once it has ended on either side, or the waiting task is cancelled.
    func ended() async {
        // The only value it could give is none.
        do { _ = try await ending.take() } catch {}
    }

    /// Writes to the stream what is sent, until the link ends.
    func pump(into stream: RPCWriter<[UInt8]>) async throws {
        do {
            while let bytes = try await outbox.take() { try await stream.write(bytes) }
        } catch let error as LinkError {
            // The link has ended, and whoever holds it was told.
            _ = error
        } catch {
            end(LinkError(error, of: "the other side"))
            throw error
        }
    }

    /// Takes in what comes from the stream, until either ends. That the other side has said its last word ends only
    /// this direction: it may still listen.
    func pump(from stream: some AsyncSequence<[UInt8], any Error> & Sendable) async {
        do {
            for try await bytes in stream { try await inbox.offer(bytes) }
            guard !Task.isCancelled else { throw LinkError(.lost, "the link was given up on this side") }
            inbox.finish(nil)
        } catch {
            end(LinkError(error, of: "the other side"))
        }
    }

    static func oversize(_ count: Int) -> LinkError {
        LinkError(
            .malformed,
            "a frame of \(count >> 20) MiB is over the \(Bounds.frame >> 20) MiB that one may have; run fewer containers on "
                + "this node")
    }
}

/// Messages of a stream as they are, for frames are measured and read by us.
struct PlainBytes: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) -> Bytes { Bytes(message) }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}
