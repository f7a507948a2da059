package import Model

extension Plan {
    /// Plans the making of one workpiece, step by step as its recipe says.
    package init(
        making piece: Workpiece, on node: DesiredNode, for sandboxes: [SandboxName], in observed: ObservedNode
    ) {
        self.init(of: .workpiece(piece.id), on: node.name, cause: .wanted(by: sandboxes))
        switch observed.condition(of: piece) {
        case .ready?: return
        case .failed(let stage, let message)?:
            blockers.append(
                Blocker(need: .build, service: nil, sentence: "\(stage.rawValue) of \(piece.title) failed: \(message)"))
            return
        case .unfinished?, nil: break
        }
        let bases = observed.workshop.bases[piece.id, default: []].sorted()
        let missing = bases.filter { observed.images[$0.normalized] == nil }
        if node.isOffline, let first = missing.first {
            blockers.append(
                Blocker(
                    need: .image, service: nil,
                    sentence: "image \(first), which \(piece.title) is built on, is not on node \(node.name)"))
            return
        }
        kind = .create
        let pulls = missing.map { append(.pull($0), because: .missing) }
        var last: Step.ID?
        for stage in piece.recipe.stages {
            let action: Action =
                switch stage {
                case .fetch: .fetch(piece)
                case .checkout: .checkout(piece)
                case .build: .build(piece)
                }
            last = append(action, because: .missing, after: [last] + (stage == .build ? pulls : []))
        }
    }

    /// Plans the end of a workpiece that nobody refers to; empty while somebody does, or did lately.
    package init(
        discarding piece: Workpiece.ID, on node: NodeName, in observed: ObservedNode, wanted: Set<Workpiece.ID>,
        policy: PlanPolicy
    ) {
        self.init(of: .workpiece(piece), on: node, cause: .unused)
        guard let known = observed.workshop.pieces[piece], known.idleMillis >= policy.keepMillis,
            !wanted.contains(piece), !observed.piecesInUse.contains(piece)
        else { return }
        kind = .remove
        append(.discard(piece), because: .unused)
    }

    /// Plans the loading of an archive onto a node that lacks images of it.
    package init(loading bundle: DesiredBundle, on node: NodeName, in observed: ObservedNode) {
        self.init(of: .bundle(bundle.name), on: node, cause: .manifest(bundle.place, by: nil))
        let missing = bundle.missing(from: observed.images)
        guard !missing.isEmpty else { return }
        kind = .change
        notes.append("missing: \(missing.sorted().map(\.text).joined(separator: ", "))")
        append(.load(bundle), because: .missing)
    }
}

extension ObservedNode {
    /// What containers are made of, whatever state they are in.
    package var piecesInUse: Set<Workpiece.ID> {
        Set(containers.compactMap { $0.ownership.mark?.origin?.piece })
    }

    /// An image is made when the engine has it, files are when the workshop says so.
    fileprivate func condition(of piece: Workpiece) -> ObservedWorkpiece.Condition? {
        let known = workshop.pieces[piece.id]?.condition
        guard let image = piece.image else { return known }
        if images[image.normalized] != nil { return .ready }
        return known == .ready ? .unfinished : known
    }
}

extension DesiredState {
    /// What is declared of a node; one that no manifest names is taken as it comes.
    package func node(_ name: NodeName) -> DesiredNode { nodes[name] ?? DesiredNode(name: name) }

    /// The archives that a node loads, in order of name.
    package func bundles(on node: NodeName) -> [DesiredBundle] {
        bundles.values.filter { $0.nodes.isEmpty || $0.nodes.contains(node) }.sorted { $0.name < $1.name }
    }

    /// Everything made of commits that a node's sandboxes follow.
    package func makings(on node: NodeName) -> Set<Making> {
        Set(sandboxes.values.filter { $0.node == node }.flatMap { $0.services.values.compactMap(\.making) })
    }
}

/// A workpiece that sandboxes wait for.
package struct PieceOrder: Hashable, Sendable {
    package let piece: Workpiece
    /// Where it is made; sandboxes of other nodes have it made there after this.
    package var node: NodeName
    /// In order of name.
    package var sandboxes: [SandboxName]

    package init(piece: Workpiece, node: NodeName, sandboxes: [SandboxName]) {
        self.piece = piece
        self.node = node
        self.sandboxes = sandboxes
    }
}
