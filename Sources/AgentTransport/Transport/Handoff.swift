internal import AgentProtocol
internal import Synchronization

/// Hands values from those who offer to the one who takes: an offer returns when its value was taken, so that a slow
/// taker holds up who offers, and nothing is stored.
final class Handoff<Element: Sendable>: Sendable {
    private typealias Giver = CheckedContinuation<Result<Void, LinkError>, Never>
    private typealias Taker = CheckedContinuation<Result<Element?, LinkError>, Never>

    private struct State {
        /// First come, first taken.
        var offers: [(id: UInt64, element: Element, giver: Giver)] = []
        var taker: Taker?
        /// Once it is over, what takers and givers are told; `nil` inside is an orderly end.
        var end: LinkError??
        var last: UInt64 = 0
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Throws ``LinkError`` once it is over, when the waiting task is cancelled, or when too many wait already.
    func offer(_ element: Element) async throws(LinkError) {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (giver: Giver) in
                let (told, taker) = state.withLock { Self.offer(id, element, giver, in: &$0) }
                taker?.resume(returning: .success(element))
                if let told { giver.resume(returning: told) }
            }
        } onCancel: {
            state.withLock { state -> Giver? in
                guard let index = state.offers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.offers.remove(at: index).giver
            }?.resume(returning: .failure(Self.interrupted))
        }
        state.withLock { _ = $0.cancelled.remove(id) }
        try result.get()
    }

    private static func offer(
        _ id: UInt64, _ element: Element, _ giver: Giver, in state: inout State
    ) -> (told: Result<Void, LinkError>?, taker: Taker?) {
        if let end = state.end { return (.failure(end ?? Self.over), nil) }
        if state.cancelled.contains(id) { return (.failure(Self.interrupted), nil) }
        if let taker = state.taker {
            state.taker = nil
            return (.success(()), taker)
        }
        guard state.offers.count < Bounds.queue else {
            return (.failure(LinkError(.lost, "\(Bounds.queue) frames wait already for a slow reader")), nil)
        }
        state.offers.append((id, element, giver))
        return (nil, nil)
    }

    /// The next value; `nil` at an orderly end, and when the waiting task is cancelled. There is one taker at a time.
    func take() async throws(LinkError) -> Element? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (taker: Taker) in
                let (told, giver) = state.withLock { Self.take(taker, in: &$0) }
                giver?.resume(returning: .success(()))
                if let told { taker.resume(returning: told) }
            }
        } onCancel: {
            state.withLock { state in
                defer { state.taker = nil }
                return state.taker
            }?.resume(returning: .success(nil))
        }
        return try result.get()
    }

    private static func take(
        _ taker: Taker, in state: inout State
    ) -> (told: Result<Element?, LinkError>?, giver: Giver?) {
        if !state.offers.isEmpty {
            let offer = state.offers.removeFirst()
            return (.success(offer.element), offer.giver)
        }
        if let end = state.end { return (end.map { .failure($0) } ?? .success(nil), nil) }
        if Task.isCancelled { return (.success(nil), nil) }
        precondition(state.taker == nil, "a handoff has one taker at a time")
        state.taker = taker
        return (nil, nil)
    }

    /// Ends it; the first end counts. Whoever waits is told at once: `nil` is an orderly end for takers.
    func finish(_ error: LinkError?) {
        let (givers, taker) = state.withLock { state -> ([Giver], Taker?) in
            guard state.end == nil else { return ([], nil) }
            state.end = .some(error)
            defer {
                state.offers = []
                state.taker = nil
            }
            return (state.offers.map(\.giver), state.taker)
        }
        for giver in givers { giver.resume(returning: .failure(error ?? Self.over)) }
        taker?.resume(returning: error.map { .failure($0) } ?? .success(nil))
    }

    private static var over: LinkError { LinkError(.lost, "the link is closed") }
    private static var interrupted: LinkError { LinkError(.lost, "the wait for a slow reader was given up") }
}
