internal import Model
internal import Planner

// What a pass enters into the journal of what it saw and planned.

extension Plan {
    /// What its containers are made of, or what it makes.
    func origins(of goal: Pass.Goal) -> [PassRecord.Origin] {
        if case .workpiece = subject { return goal.order.map { [PassRecord.Origin($0.piece)] } ?? [] }
        let services = goal.desired.sandbox(subject)?.services ?? [:]
        return pieces.sorted { $0.key < $1.key }.map { service, piece in
            PassRecord.Origin(piece, for: service, environments: services[service]?.environments ?? [])
        }
    }
}

extension PassRecord.Origin {
    init(_ piece: Workpiece, for service: ServiceName? = nil, environments: [EnvironmentName] = []) {
        self.init(
            service: service, repository: piece.repository.name, reference: piece.reference, commit: piece.commit,
            piece: piece.id, environments: environments)
    }
}

extension ObservedNode {
    /// What the ledger should hold of one workpiece here.
    func ledgerEntries(of piece: Workpiece.ID, at time: Timestamp) -> [ResourceUID: LedgerEntry] {
        guard let known = workshop.pieces[piece], let uid = known.uid else { return [:] }
        return [
            uid: LedgerEntry(
                uid: uid, kind: known.image == nil ? .worktree : .image, name: piece.text, node: node, sandbox: nil,
                enteredAt: time)
        ]
    }

    /// What the ledger should hold of one sandbox here.
    func ledgerEntries(of sandbox: SandboxName, at time: Timestamp) -> [ResourceUID: LedgerEntry] {
        let containers = containers.map { (LedgerEntry.Kind.container, $0.name, $0.ownership.mark) }
        let networks = networks.map { (LedgerEntry.Kind.network, $0.name, $0.ownership.mark) }
        var entries: [ResourceUID: LedgerEntry] = [:]
        for case (let kind, let name, let mark?) in containers + networks where mark.sandbox == sandbox {
            entries[mark.uid] = LedgerEntry(
                uid: mark.uid, kind: kind, name: name, node: node, sandbox: sandbox, enteredAt: time)
        }
        return entries
    }
}
