internal import Foundation
internal import Synchronization

/// Clients that ask without pause until told to stop.
final class Load: Sendable {
    private struct Count {
        var answers: [String: Int] = [:]
        var failures: [String] = []
    }

    private let isRunning = Atomic(true)
    private let count = Mutex(Count())
    private let done = DispatchGroup()

    /// With `keepsAlive` a client stays on one connection until the gateway says goodbye; a second one otherwise.
    init(clients: Int, port: UInt16, path: String, keepsAlive: Bool) {
        for _ in 0..<clients {
            done.enter()
            Thread.detachNewThread {
                var wire: Wire?
                while self.isRunning.load(ordering: .relaxed) {
                    if wire == nil || !keepsAlive { wire = Wire(to: port) }
                    let answer = wire?.ask(path)
                    self.note(answer)
                    if answer == nil || answer?.headers["connection"] == "close" { wire = nil }
                }
                self.done.leave()
            }
        }
    }

    var answers: Int { count.withLock { $0.answers.values.reduce(0, +) } }

    /// Answers by target, and what went wrong.
    func stop() -> (answers: [String: Int], failures: [String]) {
        isRunning.store(false, ordering: .relaxed)
        done.wait()
        return count.withLock { ($0.answers, $0.failures) }
    }

    private func note(_ answer: Answer?) {
        count.withLock { count in
            if let answer, answer.status == 200 {
                count.answers[answer.target, default: 0] += 1
            } else {
                count.failures.append(answer.map { "\($0.status) \($0.body)" } ?? "no answer")
            }
        }
    }
}
