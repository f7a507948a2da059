internal import AgentProtocol
internal import Model
internal import Reconciler

extension Host {
    /// Does what an order says, and gives it up when `surrender` opens.
    func outcome(of order: Order, until surrender: Latch) async -> Outcome {
        await withTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                do throws(HostError) {
                    return .done(try await self.perform(order.action, as: order.uid, toward: order.revision))
                } catch {
                    return .failed(error)
                }
            }
            group.addTask {
                await surrender.wait()
                return nil
            }
            var outcome: Outcome?
            for await next in group {
                outcome = outcome ?? next
                group.cancelAll()
            }
            guard let outcome else { preconditionFailure("an action ended with neither a receipt nor an error") }
            return outcome
        }
    }
}

extension Action {
    /// Whether it may take minutes, and can be given up at any time.
    var isLong: Bool {
        switch self {
        case .pull, .load, .fetch, .checkout, .build: true
        case .createNetwork, .removeNetwork, .discard, .create, .start, .unpause, .awaitHealthy, .awaitReachable,
            .connect, .updateLimits, .rename, .drain, .stop, .remove, .configureGateway, .dismantleGateway, .admit,
            .dismiss, .setRoute, .removeRoute, .setRules, .setNames, .removeNames:
            false
        }
    }

    var isBuild: Bool { if case .build = self { true } else { false } }
}
