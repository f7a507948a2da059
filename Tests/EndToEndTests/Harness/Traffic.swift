internal import Foundation
internal import Synchronization

/// Somebody who asks without pause, each time on a new connection, and counts.
final class Traffic: Sendable {
    struct Tally: Sendable {
        /// How often each answer came.
        var answers: [String: Int] = [:]
        /// What went wrong, the first few in words.
        var failures: [String] = []
        var failed = 0
        /// The answers in the order in which they came first.
        var order: [String] = []
        fileprivate var isWanted = true
        fileprivate var hasEnded = false
    }

    private static let pauseMicroseconds: useconds_t = 2000
    private let state = Mutex(Tally())

    convenience init(to port: UInt16, _ path: String, _ headers: [String: String] = [:]) {
        self.init(to: .port(port), path, headers)
    }

    init(to peer: Wire.Peer, _ path: String, _ headers: [String: String] = [:]) {
        let wire = Wire(peer: peer)
        Thread.detachNewThread {
            while self.state.withLock(\.isWanted) {
                self.count(Result { try wire.get(path, headers) })
                usleep(Self.pauseMicroseconds)
            }
            self.state.withLock { $0.hasEnded = true }
        }
    }

    private func count(_ result: Result<Answer, any Error>) {
        state.withLock { state in
            switch result {
            case .success(let answer) where answer.status == 200:
                if state.answers[answer.text] == nil { state.order.append(answer.text) }
                state.answers[answer.text, default: 0] += 1
            case .success(let answer):
                state.failed += 1
                if state.failures.count < 5 {
                    state.failures.append("\(answer.status) \(answer.text) [\(answer.route)]")
                }
            case .failure(let error):
                state.failed += 1
                if state.failures.count < 5 { state.failures.append("\(error)") }
            }
        }
    }

    func count(of answer: String) -> Int { state.withLock { $0.answers[answer, default: 0] } }

    /// Asks no more; what is under way ends by itself.
    func cease() { state.withLock { $0.isWanted = false } }

    func stop() async throws -> Tally {
        cease()
        try await eventually("end of the requests", isTrue: { state.withLock(\.hasEnded) })
        return state.withLock { $0 }
    }
}
