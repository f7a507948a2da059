import Model
import Reconciler
import Synchronization

/// An engine that has the images it is told to have, and keeps what it is sent.
final class FakeImages: ImageEngine {
    struct State {
        var images: [String: String] = [:]
        var orders: [ImageOrder] = []
        var context: [UInt8] = []
        var loaded: [UInt8] = []
        var largestChunk = 0
        var output: [String] = []
        var failure: HostError?
        var removalFailure: HostError?
        var removed: [ImageReference] = []
    }

    let state = Mutex(State())

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func image(_ reference: ImageReference) async throws(HostError) -> String? {
        state.withLock { $0.images[reference.normalized] }
    }

    func build(
        _ order: ImageOrder, from context: AsyncThrowingStream<[UInt8], any Error>,
        log: @escaping @Sendable (String) async -> Void
    ) async throws(HostError) {
        var bytes: [UInt8] = []
        do {
            for try await chunk in context { bytes += chunk }
        } catch {
            throw HostError("build", .unreachable, "\(error)")
        }
        let (output, failure) = state.withLock { state in
            state.orders.append(order)
            state.context = bytes
            return (state.output, state.failure)
        }
        for line in output { await log(line) }
        if let failure { throw failure }
        set { $0.images[order.image.normalized] = "sha256:1" }
    }

    func load(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws(HostError) {
        do {
            for try await chunk in archive {
                set { state in
                    state.loaded += chunk
                    state.largestChunk = max(state.largestChunk, chunk.count)
                }
            }
        } catch {
            throw HostError("load", .unreachable, "\(error)")
        }
    }

    func removeImage(_ reference: ImageReference) async throws(HostError) {
        if let failure = state.withLock(\.removalFailure) { throw failure }
        set { state in
            state.removed.append(reference)
            state.images[reference.normalized] = nil
        }
    }
}
