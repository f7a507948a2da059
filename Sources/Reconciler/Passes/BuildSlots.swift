internal import Model

/// How many builds run at once on each node, however many passes ask.
package actor BuildSlots {
    private var taken: [NodeName: Int] = [:]
    private var queue: [Waiting] = []
    private var lastTicket = 0

    private struct Waiting {
        let ticket: Int
        let node: NodeName
        let width: Int
        let resume: CheckedContinuation<Bool, Never>
    }

    package init() {}

    /// Waits for a slot, first come first served. `false` when the task was cancelled meanwhile: then there is none to
    /// leave.
    func enter(_ node: NodeName, width: Int) async -> Bool {
        guard !Task.isCancelled else { return false }
        if taken[node, default: 0] < max(1, width), !queue.contains(where: { $0.node == node }) {
            taken[node, default: 0] += 1
            return true
        }
        lastTicket += 1
        let ticket = lastTicket
        return await withTaskCancellationHandler {
            await withCheckedContinuation {
                queue.append(Waiting(ticket: ticket, node: node, width: width, resume: $0))
            }
        } onCancel: {
            Task { await self.giveUp(ticket) }  // SAFE: it only wakes the one who waits for it
        }
    }

    func leave(_ node: NodeName) {
        taken[node, default: 1] -= 1
        admit()
    }

    private func giveUp(_ ticket: Int) {
        guard let index = queue.firstIndex(where: { $0.ticket == ticket }) else { return }
        queue.remove(at: index).resume.resume(returning: false)
        admit()
    }

    private func admit() {
        while let index = queue.firstIndex(where: { taken[$0.node, default: 0] < max(1, $0.width) }) {
            let next = queue.remove(at: index)
            taken[next.node, default: 0] += 1
            next.resume.resume(returning: true)
        }
    }
}
