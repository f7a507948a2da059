internal import AgentProtocol
internal import Synchronization

/// Counts the orders of one epoch, over all nodes: a node that was forgotten and comes back is given no number again.
final class OrderNumbers: Sendable {
    private let last = Mutex<UInt64>(0)

    func next(of epoch: Epoch) -> Order.ID {
        last.withLock { last in
            last += 1
            return Order.ID(epoch, last)
        }
    }
}
