internal import Model
internal import Planner

/// What sandboxes wait for, and who is told when it is there.
extension Fleet {
    /// Takes up what a sandbox waits for now, in place of what it waited for.
    func expect(_ waits: [Wait], for sandbox: DesiredSandbox, isFresh: Bool = false) async {
        if isFresh { freshlyWaiting.insert(sandbox.name) }
        let before = waiting[sandbox.name] ?? []
        guard before != waits else { return reorder(waits) }
        waiting[sandbox.name] = waits.isEmpty ? nil : waits
        for wait in before where !waits.contains(where: { $0.piece == wait.piece }) {
            if let id = wait.piece { withdraw(sandbox.name, from: id) }
        }
        for wait in waits {
            guard case .piece(let piece) = wait.object else { continue }
            order(piece, for: sandbox)
            guard !before.contains(wait) else { continue }
            await append(
                EventRecord(
                    at: surroundings.now(), sandbox: sandbox.name, service: wait.service, kind: "piece.awaited",
                    message: "\(piece.repository.name) \(piece.title)", cause: sandbox.place.short,
                    revision: desired?.revision.commit, piece: piece.id))
        }
        reorder(waits)
    }

    func stopWaiting(_ sandbox: SandboxName) {
        for wait in waiting[sandbox] ?? [] {
            if let id = wait.piece { withdraw(sandbox, from: id) }
        }
        waiting[sandbox] = nil
    }

    /// Sees to it that what is waited for is worked on.
    private func reorder(_ waits: [Wait]) {
        for wait in waits {
            switch wait.object {
            case .piece(let piece): hint(.workpiece(piece.id))
            case .bundle(let name): hint(.bundle(name))
            case .answer: break
            }
        }
    }

    private func order(_ piece: Workpiece, for sandbox: DesiredSandbox) {
        var order = orders[piece.id] ?? PieceOrder(piece: piece, node: sandbox.node, sandboxes: [])
        guard !order.sandboxes.contains(sandbox.name) else { return }
        order.sandboxes.append(sandbox.name)
        order.sandboxes.sort()
        orders[piece.id] = order
    }

    /// What nobody waits for any more is given up by the pass that makes it, at once.
    private func withdraw(_ sandbox: SandboxName, from piece: Workpiece.ID) {
        orders[piece]?.sandboxes.removeAll { $0 == sandbox }
        if let next = orders[piece]?.sandboxes.first, let node = desired?.sandboxes[next]?.node {
            orders[piece]?.node = node
        }
        guard orders[piece]?.sandboxes.isEmpty == true else { return }
        orders[piece] = nil
        drop(.workpiece(piece))
    }

    /// Lets the sandboxes that wait for something go on.
    func wake(those isIt: (Wait) -> Bool) {
        for (sandbox, waits) in waiting.sorted(by: { $0.key < $1.key }) where waits.contains(where: isIt) {
            trigger(.sandbox(sandbox))
        }
    }

    /// A sandbox that goes on when something is there. What went wrong with that is told as its own trouble.
    func pend(_ sandbox: DesiredSandbox, _ waits: [Wait], in observed: ObservedNode?, at commit: CommitID) async {
        let troubles = waits.compactMap { wait -> Complaint? in
            switch wait.object {
            case .piece(let piece): complaints[.workpiece(piece.id)]
            case .bundle(let name): complaints[.bundle(name)]
            case .answer: nil
            }
        }
        let sentences = waits.map { "\($0)" } + troubles.map(\.message)
        await fail(
            sandbox, sentences.joined(separator: "; "),
            as: troubles.contains(where: \.isFinal) ? .failed : .progressing, in: observed, at: commit)
    }
}

extension Wait {
    var piece: Workpiece.ID? {
        if case .piece(let piece) = object { piece.id } else { nil }
    }
}

extension DesiredState {
    /// The sandboxes that follow a reference, in order of name.
    func followers(of code: CodeReference) -> [SandboxName] {
        sandboxes.values.filter { $0.services.values.contains { $0.making?.code == code } }.map(\.name).sorted()
    }
}
