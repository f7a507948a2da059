internal import Synchronization

/// How many sessions each node has.
final class Census: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    /// `nil` where a node has its most already.
    func enter(_ node: String, most: Int) -> Seat? {
        let isFree = counts.withLock { counts in
            guard counts[node, default: 0] < most else { return false }
            counts[node, default: 0] += 1
            return true
        }
        return isFree ? Seat { [self] in leave(node) } : nil
    }

    private func leave(_ node: String) {
        counts.withLock { counts in
            let rest = counts[node, default: 1] - 1
            counts[node] = rest > 0 ? rest : nil
        }
    }

    /// Counts for as long as somebody holds it and has not left it: an answer that the library drops before it begins,
    /// because the stream has gone, drops its seat as well.
    final class Seat: Sendable {
        private let pass: Gate.Pass

        init(_ free: @escaping @Sendable () -> Void) { pass = Gate.Pass(free) }

        deinit { leave() }

        func leave() { pass.use() }
    }
}
