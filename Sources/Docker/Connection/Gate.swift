/// Lets so many through at once, the rest in the order they came.
actor Gate {
    private(set) var free: Int
    private var waiting: [Ticket] = []
    private var lastTicket: UInt64 = 0

    private struct Ticket {
        let number: UInt64
        let admitted: CheckedContinuation<Bool, Never>
    }

    init(width: Int) {
        precondition(width >= 1)
        free = width
    }

    /// How many wait now.
    var queueLength: Int { waiting.count }

    /// Runs `work` when it is its turn. `nil` where the task was cancelled before its turn came.
    nonisolated func pass<Value: Sendable, Failure: Error>(
        _ work: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value? {
        guard await enter() else { return nil }
        let result: Result<Value, Failure>
        do throws(Failure) {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        await leave()
        return try result.get()
    }

    private func enter() async -> Bool {
        guard !Task.isCancelled else { return false }
        if free > 0 {
            free -= 1
            return true
        }
        lastTicket += 1
        let number = lastTicket
        return await withTaskCancellationHandler {
            await withCheckedContinuation { admitted in
                if Task.isCancelled {
                    admitted.resume(returning: false)
                } else {
                    waiting.append(Ticket(number: number, admitted: admitted))
                }
            }
        } onCancel: {
            Task { await self.giveUp(number) }  // SAFE: one synchronous step of this actor; it needs no awaiting
        }
    }

    private func giveUp(_ number: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: index).admitted.resume(returning: false)
    }

    private func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().admitted.resume(returning: true)
        }
    }
}
