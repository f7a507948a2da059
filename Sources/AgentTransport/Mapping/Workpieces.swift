internal import AgentProtocol
internal import Model
internal import SwiftProtobuf

// What containers are made of.

extension CodeRepository: WireCoded {
    var wire: WireCodeRepository {
        .with {
            $0.name = name.text
            switch location {
            case .folder(let folder): $0.folder = folder
            case .url(let url): $0.url = url
            }
            $0.defaultBranch = defaultBranch
            $0.subPath = subPath
            if let credential { $0.credential = credential.wire }
            $0.place = place.wire
        }
    }

    init(wire: WireCodeRepository, at path: FieldPath) throws(LinkError) {
        let location: Location
        switch wire.location {
        case .folder(let folder): location = .folder(try path["folder"].absolute(folder))
        case .url(let url): location = .url(try path["url"].word(url, longest: 4096))
        case nil: throw path["location"].unknown
        }
        self.init(
            name: try path["name"].name(wire.name), location: location, defaultBranch: wire.defaultBranch,
            subPath: wire.subPath, credential: try path["credential"].maybe(wire.hasCredential, wire.credential),
            place: try path["place"].one(wire.hasPlace, wire.place))
    }
}

extension CodeRepository.Credential: WireCoded {
    var wire: WireCodeRepository.Credential {
        .with {
            if let user { $0.user = user }
            $0.secret = secret.wire
            if let hostKey { $0.hostKey = hostKey }
        }
    }

    init(wire: WireCodeRepository.Credential, at path: FieldPath) throws(LinkError) {
        self.init(
            user: wire.hasUser ? wire.user : nil, secret: try path["secret"].one(wire.hasSecret, wire.secret),
            hostKey: wire.hasHostKey ? wire.hostKey : nil)
    }
}

extension Recipe: WireCoded {
    var wire: WireRecipe {
        switch self {
        case .worktree(let build, let target):
            .with {
                $0.worktree.target = target
                if let build { $0.worktree.build = build.wire }
            }
        case .image(let build): .with { $0.image = build.wire }
        }
    }

    init(wire: WireRecipe, at path: FieldPath) throws(LinkError) {
        switch wire.recipe {
        case .worktree(let worktree):
            let path = path["worktree"]
            self = .worktree(
                build: try path["build"].maybe(worktree.hasBuild, worktree.build),
                target: try path["target"].absolute(worktree.target))
        case .image(let build): self = .image(try ImageBuild(wire: build, at: path["image"]))
        case nil: throw path.unknown
        }
    }
}

extension HostBuild: WireCoded {
    var wire: WireHostBuild {
        .with {
            $0.command = WireCommand(command)
            $0.environment = environment
            $0.timeoutMillis = Int64(timeoutMillis)
            $0.isOptional = isOptional
        }
    }

    init(wire: WireHostBuild, at path: FieldPath) throws(LinkError) {
        guard wire.hasCommand, !wire.command.words.isEmpty else { throw path["command"].wrong("is missing") }
        self.init(
            command: wire.command.words, environment: wire.environment,
            timeoutMillis: try path["timeout_millis"].count(wire.timeoutMillis), isOptional: wire.isOptional)
    }
}

extension ImageBuild: WireCoded {
    var wire: WireImageBuild {
        .with {
            $0.dockerfile = dockerfile
            $0.context = context
            if let target { $0.target = target }
            $0.arguments = arguments
            $0.timeoutMillis = Int64(timeoutMillis)
        }
    }

    init(wire: WireImageBuild, at path: FieldPath) throws(LinkError) {
        self.init(
            dockerfile: wire.dockerfile, context: wire.context, target: wire.hasTarget ? wire.target : nil,
            arguments: wire.arguments, timeoutMillis: try path["timeout_millis"].count(wire.timeoutMillis))
    }
}

extension Workpiece: WireCoded {
    var wire: WireWorkpiece {
        .with {
            $0.repository = repository.wire
            $0.reference = reference
            $0.commit = commit.text
            $0.recipe = recipe.wire
        }
    }

    init(wire: WireWorkpiece, at path: FieldPath) throws(LinkError) {
        self.init(
            repository: try path["repository"].one(wire.hasRepository, wire.repository),
            reference: try path["reference"].word(wire.reference), commit: try path["commit"].commit(wire.commit),
            recipe: try path["recipe"].one(wire.hasRecipe, wire.recipe))
    }
}

extension Making: WireCoded {
    var wire: WireMaking {
        .with {
            $0.repository = repository.wire
            $0.reference = reference
            $0.recipe = recipe.wire
        }
    }

    init(wire: WireMaking, at path: FieldPath) throws(LinkError) {
        self.init(
            repository: try path["repository"].one(wire.hasRepository, wire.repository),
            reference: try path["reference"].word(wire.reference),
            recipe: try path["recipe"].one(wire.hasRecipe, wire.recipe))
    }
}
