import AgentProtocol
import Model
import Reconciler

extension RandomFrames {
    mutating func pieceID() -> Workpiece.ID {
        guard let id = Workpiece.ID("account-\(hex(12))-\(hex(8))") else { preconditionFailure("it names a folder") }
        return id
    }

    mutating func repository() -> CodeRepository {
        CodeRepository(
            name: name(), location: flag() ? .folder(path()) : .url(word()), defaultBranch: text(), subPath: text(),
            credential: maybe {
                CodeRepository.Credential(
                    user: $0.maybe { $0.text() }, secret: $0.secret(), hostKey: $0.maybe { $0.text() })
            }, place: place())
    }

    mutating func recipe() -> Recipe {
        guard flag() else { return .worktree(build: maybe { $0.hostBuild() }, target: path()) }
        return .image(
            ImageBuild(
                dockerfile: text(), context: text(), target: maybe { $0.text() }, arguments: texts(),
                timeoutMillis: count()))
    }

    private mutating func hostBuild() -> HostBuild {
        HostBuild(
            command: [word()] + list { $0.text() }, environment: texts(), timeoutMillis: count(), isOptional: flag())
    }

    mutating func piece() -> Workpiece {
        Workpiece(repository: repository(), reference: word(), commit: commit(), recipe: recipe())
    }

    mutating func bundle() -> DesiredBundle {
        DesiredBundle(
            name: name(), images: list { DesiredBundle.Image($0.image(), id: $0.maybe { $0.text() }) },
            archive: path(), sha256: hex(64), nodes: set { $0.name() }, place: place())
    }

    mutating func names() -> SandboxNames {
        SandboxNames(sandbox: name(), address: text(), services: set { $0.name() })
    }

    static let kindsOfActions = 28

    mutating func action() -> Action { action(roll(Self.kindsOfActions)) }

    mutating func action(_ kind: Int) -> Action {
        switch kind {
        case 0: .createNetwork(NetworkDraft(name: identifier(), sandbox: name(), subnet: subnet()))
        case 1: .removeNetwork(id: identifier(), name: identifier())
        case 2: .pull(image())
        case 3: .load(bundle())
        case 4: .fetch(piece())
        case 5: .checkout(piece())
        case 6: .build(piece())
        case 7: .discard(pieceID())
        case 8: .create(draft())
        case 9: .start(handle())
        case 10: .unpause(handle())
        case 11: .awaitHealthy(handle(), address: text(), check: maybe { $0.health() })
        case 12: .awaitReachable(name(), endpoint(), check: maybe { $0.health() })
        case 13: .connect(handle(), network: identifier(), address: text(), alias: text())
        case 14: .updateLimits(handle(), limits())
        case 15: .rename(handle(), to: identifier())
        case 16: .drain(name(), address: text(), port: port(), graceMillis: count())
        case 17: .stop(handle())
        case 18: .remove(handle())
        case 19: .configureGateway(gateway())
        case 20: .dismantleGateway(name())
        case 21: .admit(name(), name(), admission())
        case 22: .dismiss(name(), name())
        case 23: .setRoute(name(), key(), target())
        case 24: .removeRoute(name(), key())
        case 25: .setRules(name(), scope(), list { $0.rule() })
        case 26: .setNames(names())
        default: .removeNames(name())
        }
    }

    mutating func inquiry() -> Inquiry {
        Inquiry(
            sandbox: maybe { $0.name() }, gateways: list { $0.gateway() }, secrets: set { $0.secret() },
            checks: map({ $0.key() }, { $0.health() }),
            makings: set { Making(repository: $0.repository(), reference: $0.word(), recipe: $0.recipe()) },
            patience: .milliseconds(roll(60_000)))
    }

    mutating func observation() -> Observation {
        switch roll(4) {
        case 0: .unchanged(ObservationID(natural()))
        case 1: .failed(error())
        default: .full(ObservationID(natural()), observedNode())
        }
    }

    mutating func observedNode() -> ObservedNode {
        ObservedNode(
            node: name(), containers: list(4) { $0.observedContainer() }, networks: list { $0.observedNetwork() },
            images: texts(), secrets: map({ $0.secret() }, { $0.maybe { Fingerprint(text: $0.hex(32)) } }),
            gateways: map({ $0.name() }, { $0.observedGateway() }), busyPorts: set { UInt16($0.roll(65536)) },
            workshop: workshop(), names: map({ $0.name() }, { $0.names() }), namesRoot: text())
    }

    private mutating func workshop() -> ObservedWorkshop {
        ObservedWorkshop(
            root: text(),
            readings: map(
                { CodeReference($0.name(), $0.word()) },
                { $0.any([.commit($0.commit()), .gone, .unreachable($0.text()), .asked]) }),
            pieces: map({ $0.pieceID() }, { $0.observedPiece() }),
            bases: map({ $0.pieceID() }, { $0.set { $0.image() } }))
    }

    private mutating func observedPiece() -> ObservedWorkpiece {
        ObservedWorkpiece(
            condition: any([.ready, .unfinished, .failed(any(Recipe.Stage.allCases), message: text())]),
            repository: name(), commit: commit(), image: maybe { $0.image() }, idleMillis: span(),
            uid: maybe { ResourceUID($0.text()) })
    }

    mutating func status() -> NodeStatus {
        NodeStatus(
            node: name(), connection: any(NodeStatus.Connection.allCases), since: time(),
            seenAt: maybe { $0.time() }, release: text(), engine: text(), skewMillis: maybe { $0.span() },
            containers: count(), message: text())
    }
}
