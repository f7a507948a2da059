internal import NIOCore
internal import Reconciler

/// The body of a request that is sent piece by piece: the next is asked for when the engine has taken the one before.
struct Upload: AsyncSequence, Sendable {
    /// Why it could not be sent to its end; the engine never takes what came so far for the whole.
    struct Unsent: Error {
        let failure: HostFailure
        let words: String

        init(_ error: any Error) {
            let known = error as? HostError
            failure = known?.failure ?? .unreachable
            words = "what it is made of could not be read: \(known?.message ?? "\(error)")"
        }
    }

    private let pieces: AsyncThrowingStream<[UInt8], any Error>

    init(_ pieces: AsyncThrowingStream<[UInt8], any Error>) { self.pieces = pieces }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pieces: pieces.makeAsyncIterator()) }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var pieces: AsyncThrowingStream<[UInt8], any Error>.AsyncIterator

        mutating func next() async throws -> ByteBuffer? {
            do {
                while let piece = try await pieces.next(isolation: #isolation) {
                    if !piece.isEmpty { return ByteBuffer(bytes: piece) }
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw Unsent(error)
            }
            // A stream also ends when its task is cancelled, and an archive cut between two files looks whole.
            try Task.checkCancellation()
            return nil
        }
    }
}
