internal import Foundation
internal import Model
internal import Synchronization

/// How the baselines do that gateways are to ask, by what they said last. Questions are asked on threads of their own,
/// a few at a time; whoever looks is never kept waiting for long.
final class BaselineWatch: Sendable {
    private struct Key: Hashable {
        let gateway: GatewayName
        let service: ServiceName
    }

    private struct Entry {
        let probe: BaselineProbe
        let socket: String
        var answer: ObservedBaseline?
        var askedAt: ContinuousClock.Instant?
        var isAsking = false

        var isDue: Bool {
            let interval = Duration.milliseconds(max(probe.intervalMillis, Bound.shortestProbeMillis))
            return !isAsking && askedAt.map { $0 + interval <= .now } ?? true
        }
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let verdicts = Atomic(0)
    private let questions: OperationQueue

    init() {
        questions = OperationQueue()
        questions.maxConcurrentOperationCount = Bound.probesAtOnce
    }

    /// Counts how often a baseline did otherwise than before.
    var turns: Int { verdicts.load(ordering: .relaxed) }

    /// What the baselines said last, of those that `services` names. Those that were never asked get a moment to
    /// answer.
    func look(_ gateway: DesiredGateway, through socket: String, _ services: Set<ServiceName>) async
        -> [ServiceName: ObservedBaseline]
    {
        let fresh = entries.withLock { entries in
            for (key, entry) in entries where key.gateway == gateway.name {
                let isAsked = gateway.probes[key.service] == entry.probe && services.contains(key.service)
                if !isAsked || entry.socket != socket { entries[key] = nil }
            }
            for (service, probe) in gateway.probes where services.contains(service) {
                let key = Key(gateway: gateway.name, service: service)
                if entries[key] == nil { entries[key] = Entry(probe: probe, socket: socket) }
            }
            return entries.contains { $0.key.gateway == gateway.name && $0.value.answer == nil }
        }
        let round = askDue()
        if fresh { await wait(for: round) }
        return entries.withLock { entries in
            Dictionary(
                uniqueKeysWithValues: entries.filter { $0.key.gateway == gateway.name }
                    .compactMap { key, entry in entry.answer.map { (key.service, $0) } })
        }
    }

    func forget(_ gateway: GatewayName) {
        entries.withLock { $0 = $0.filter { $0.key.gateway != gateway } }
    }

    /// Asks those whose last answer is old. Never waits.
    @discardableResult
    func askDue() -> DispatchGroup {
        let round = DispatchGroup()
        let due = entries.withLock { entries in
            let due = entries.filter(\.value.isDue)
            for key in due.keys {
                entries[key]?.isAsking = true
                entries[key]?.askedAt = .now
            }
            return due
        }
        for (key, entry) in due.sorted(by: { $0.key.service < $1.key.service }) {
            round.enter()
            questions.addOperation {
                self.note(entry.probe.ask(ProbeQuestion(socket: entry.socket, service: key.service)), of: key, entry)
                round.leave()
            }
        }
        return round
    }

    private func wait(for round: DispatchGroup) async {
        let _: Bool = await withCheckedContinuation { continuation in
            let once = Once(continuation)
            round.notify(queue: .global()) { once.answer(true) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Bound.firstProbeMillis)) {
                once.answer(false)
            }
        }
    }

    private func note(_ answer: ObservedBaseline, of key: Key, _ asked: Entry) {
        let isNews = entries.withLock { entries in
            guard let entry = entries[key], entry.probe == asked.probe else { return false }
            entries[key]?.answer = answer
            entries[key]?.isAsking = false
            // A first answer is news to those who did not wait for it.
            guard let before = entry.answer else {
                return entry.askedAt.map { $0 + .milliseconds(Bound.firstProbeMillis) < .now } ?? false
            }
            return (before.complaint == nil) != (answer.complaint == nil) || before.version != answer.version
        }
        if isNews { verdicts.add(1, ordering: .relaxed) }
    }
}
