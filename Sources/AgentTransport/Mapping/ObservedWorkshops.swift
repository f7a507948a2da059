internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

extension ObservedWorkshop: WireCoded {
    var wire: WireObservedWorkshop {
        .with {
            $0.root = root
            $0.readings = readings.sorted { $0.key < $1.key }.map { reading in
                .with {
                    $0.reference = reading.key.wire
                    $0.reading = reading.value.wire
                }
            }
            $0.pieces = Dictionary(uniqueKeysWithValues: pieces.map { ($0.key.text, $0.value.wire) })
            $0.bases = Dictionary(
                uniqueKeysWithValues: bases.map { piece, images in
                    (piece.text, .with { $0.images = images.sorted().map(\.text) })
                })
        }
    }

    init(wire: WireObservedWorkshop, at path: FieldPath) throws(LinkError) {
        let readings = try path["readings"].keyed(wire.readings) {
            (entry, path) throws(LinkError) -> (CodeReference, CodeReading) in
            (
                try path["reference"].one(entry.hasReference, entry.reference),
                try path["reading"].one(entry.hasReading, entry.reading)
            )
        }
        var pieces: [Workpiece.ID: ObservedWorkpiece] = [:]
        for (id, piece) in wire.pieces {
            pieces[try path["pieces"].piece(id)] = try ObservedWorkpiece(wire: piece, at: path["pieces"])
        }
        var bases: [Workpiece.ID: Set<ImageReference>] = [:]
        for (id, images) in wire.bases {
            var references: Set<ImageReference> = []
            for image in images.images { references.insert(try path["bases"].image(image)) }
            bases[try path["bases"].piece(id)] = references
        }
        self.init(root: wire.root, readings: readings, pieces: pieces, bases: bases)
    }
}

extension CodeReading: WireCoded {
    var wire: WireCodeReading {
        switch self {
        case .commit(let commit): .with { $0.commit = commit.text }
        case .gone: .with { $0.gone = WireNothing() }
        case .unreachable(let why): .with { $0.unreachable = why }
        case .asked: .with { $0.asked = WireNothing() }
        }
    }

    init(wire: WireCodeReading, at path: FieldPath) throws(LinkError) {
        switch wire.reading {
        case .commit(let commit): self = .commit(try path["commit"].commit(commit))
        case .gone: self = .gone
        case .unreachable(let why): self = .unreachable(why)
        case .asked: self = .asked
        case nil: throw path.unknown
        }
    }
}

extension ObservedWorkpiece: WireCoded {
    var wire: WireObservedWorkpiece {
        .with {
            switch condition {
            case .ready: $0.ready = WireNothing()
            case .unfinished: $0.unfinished = WireNothing()
            case .failed(let stage, let message):
                $0.failed.stage = stage.wire
                $0.failed.message = message
            }
            $0.repository = repository.text
            $0.commit = commit.text
            if let image { $0.image = image.text }
            $0.idleMillis = idleMillis
            if let uid { $0.uid = uid.text }
        }
    }

    init(wire: WireObservedWorkpiece, at path: FieldPath) throws(LinkError) {
        let condition: Condition
        switch wire.condition {
        case .ready: condition = .ready
        case .unfinished: condition = .unfinished
        case .failed(let failed):
            let stage = try Recipe.Stage(wire: failed.stage, at: path["failed"]["stage"])
            condition = .failed(stage, message: failed.message)
        case nil: throw path["condition"].unknown
        }
        self.init(
            condition: condition, repository: try path["repository"].name(wire.repository),
            commit: try path["commit"].commit(wire.commit),
            image: wire.hasImage ? try path["image"].image(wire.image) : nil,
            idleMillis: try path["idle_millis"].span(wire.idleMillis),
            uid: wire.hasUid ? ResourceUID(wire.uid) : nil)
    }
}

extension Recipe.Stage: WireCoded {
    var wire: WireStage {
        switch self {
        case .fetch: .fetch
        case .checkout: .checkout
        case .build: .build
        }
    }

    init(wire: WireStage, at path: FieldPath) throws(LinkError) {
        switch wire {
        case .fetch: self = .fetch
        case .checkout: self = .checkout
        case .build: self = .build
        case .unspecified, .UNRECOGNIZED: throw path.unknown
        }
    }
}
