internal import Model

/// What the containers of a service are made of.
enum RecipeSpec: Sendable {
    enum Sort: String, CaseIterable, Sendable { case hostBuild, dockerfile, image, phpGateway }

    /// An image that is there already.
    case image(ImageSpec)
    /// Files of a commit, built on the node and mounted into a container of `run.image`.
    case hostBuild(HostBuildSpec)
    /// An image that the engine builds of a commit.
    case dockerfile(DockerfileSpec)
    /// Files of a commit of a PHP application, mounted into a web server.
    case phpGateway(ImageSpec)

    struct ImageSpec: Sendable {
        var image: Located<String>?
        var command: [String]?
    }
    struct HostBuildSpec: Sendable {
        var build: HostBuild?
        var run = ImageSpec()
        var target: String?
    }
    struct DockerfileSpec: Sendable {
        var build = ImageBuild()
        var command: [String]?
    }
}

extension RecipeSpec {
    /// Where the files of a commit are in the container.
    private static let sourceTarget = "/src"
    private static let gatewayTarget = "/app"
    private static let gatewayImage = "php:8.3-apache"
    private static let composer = [
        "composer", "install", "--no-dev", "--no-interaction", "--no-progress", "--optimize-autoloader",
    ]

    var sort: Sort {
        switch self {
        case .image: .image
        case .hostBuild: .hostBuild
        case .dockerfile: .dockerfile
        case .phpGateway: .phpGateway
        }
    }

    /// The image as written, with a place for the branch; `nil` where one is built.
    var image: String? {
        switch self {
        case .image(let spec): spec.image?.value
        case .hostBuild(let spec): spec.run.image?.value
        case .dockerfile: nil
        case .phpGateway(let spec): spec.image?.value ?? Self.gatewayImage
        }
    }

    var command: [String]? {
        switch self {
        case .image(let spec), .phpGateway(let spec): spec.command
        case .hostBuild(let spec): spec.run.command
        case .dockerfile(let spec): spec.command
        }
    }

    /// What is done with a commit; `nil` where none is needed.
    var making: Recipe? {
        switch self {
        case .image: nil
        case .hostBuild(let spec): .worktree(build: spec.build, target: spec.target ?? Self.sourceTarget)
        case .dockerfile(let spec): .image(spec.build)
        case .phpGateway:
            .worktree(build: HostBuild(command: Self.composer, isOptional: true), target: Self.gatewayTarget)
        }
    }
}

extension RecipeSpec {
    static let shape = Shape<RecipeSpec>.variants(by: "type", typeDoc) { (sort: Sort) in
        switch sort {
        case .image: imageShape
        case .hostBuild: hostBuildShape
        case .dockerfile: dockerfileShape
        case .phpGateway: phpGatewayShape
        }
    }

    private static let typeDoc = "Where the container's content comes from."
    private static let imageDoc = "The image; {branch} stands for the chosen branch."
    private static let commandDoc = "What runs instead of the image's own command."

    private static let imageShape = Shape<ImageSpec>.record(
        "imageRecipe", ImageSpec(),
        [
            .variant("type", Sort.image.rawValue, typeDoc),
            Field("image", .image, required: true, imageDoc) { $0.image = $1 },
            Field("command", Shape<String>.text.list(atLeast: 1), commandDoc) { $0.command = $1 },
        ]
    ).map(RecipeSpec.image)

    private static let phpGatewayShape = Shape<ImageSpec>.record(
        "phpGatewayRecipe", ImageSpec(),
        [
            .variant("type", Sort.phpGateway.rawValue, typeDoc),
            Field(
                "image", .image, default: gatewayImage,
                "The web server with PHP; it sees the repository's files read-only at \(gatewayTarget)."
            ) { $0.image = $1 },
            Field("command", Shape<String>.text.list(atLeast: 1), commandDoc) { $0.command = $1 },
        ]
    ).map(RecipeSpec.phpGateway)

    private static let hostBuildShape = Shape<HostBuildSpec>.record(
        "hostBuildRecipe", HostBuildSpec(),
        [
            .variant("type", Sort.hostBuild.rawValue, typeDoc),
            Field("build", build, default: "nothing is built", "What runs in the commit's files on the node.") {
                $0.build = $1
            },
            Field("run", run, required: true, "The image that runs them: {image: …, command: […]}.") { recipe, run in
                recipe.run = run.run
                recipe.target = run.target
            },
        ]
    ).map(RecipeSpec.hostBuild)

    private static let build = Shape<HostBuild>.record(
        "hostBuild", HostBuild(command: []),
        [
            Field(
                "command", .argv, required: true,
                "The program and its arguments, such as [go, build, -o, app, .]; no shell reads them."
            ) { $0.command = $1 },
            Field("env", SandboxServiceSpec.variables, "Variables of the build.") { build, variables in
                for variable in variables { build.environment[variable.name] = variable.value }
            },
            Field("timeout", .buildTimeout, default: "10m", "How long it may take.") { $0.timeoutMillis = $1 },
        ])

    private static let run = Shape<HostBuildSpec>.record(
        "hostRun", HostBuildSpec(),
        [
            Field("image", .image, required: true, imageDoc) { $0.run.image = $1 },
            Field("command", Shape<String>.text.list(atLeast: 1), commandDoc) { $0.run.command = $1 },
            Field("mounts", mounts, default: "the worktree at \(sourceTarget)", "Where the commit's files are seen.") {
                $0.target = $1.first?.target
            },
        ])

    private enum MountSource: String, CaseIterable, Sendable { case worktree }

    private struct MountSpec: Sendable {
        var target = RecipeSpec.sourceTarget
    }

    private static let mounts = Shape<[MountSpec]>(mount.list().schema) { node, reader in
        guard let mounts = mount.located.list().read(node, &reader) else { return nil }
        if mounts.count > 1 {
            reader.report(mounts[1].mark, "exclusive", "a second mount of the worktree; keep one of them")
        }
        return mounts.map(\.value)
    }

    private static let mount = Shape<MountSpec>.record(
        "recipeMount", MountSpec(),
        [
            Field("source", Shape<MountSource>.choice, required: true, "The files of the commit.") { _, _ in },
            Field("target", .mountTarget, default: sourceTarget, "Where they are in the container.") {
                $0.target = $1
            },
            Field("readOnly", readOnly, default: "true", "Always true: containers of one commit share its files.") {
                _, _ in
            },
        ])

    private static let readOnly = Shape<Bool>(.boolean) { node, reader in
        let isReadOnly = Shape<Bool>.boolean.read(node, &reader)
        if isReadOnly == false {
            reader.report(
                node.mark, "read-only",
                "the files of a commit are read-only, for every sandbox on it sees the same; write true, and let the "
                    + "service write to a folder of its own")
        }
        return isReadOnly
    }

    private static let dockerfileShape = Shape<DockerfileSpec>.record(
        "dockerfileRecipe", DockerfileSpec(),
        [
            .variant("type", Sort.dockerfile.rawValue, typeDoc),
            Field("path", .folder, default: "Dockerfile", "The Dockerfile, relative to the context.") {
                $0.build.dockerfile = $1
            },
            Field("context", .folder, default: "the whole repository", "The folder whose files the build sees.") {
                $0.build.context = $1
            },
            Field("target", .stageName, default: "the last stage", "The stage of the Dockerfile to stop at.") {
                $0.build.target = $1
            },
            Field("args", arguments, "The build arguments (ARG) of the Dockerfile.") { $0.build.arguments = $1 },
            Field("timeout", .buildTimeout, default: "10m", "How long the build may take.") {
                $0.build.timeoutMillis = $1
            },
            Field("command", Shape<String>.text.list(atLeast: 1), commandDoc) { $0.command = $1 },
        ]
    ).map(RecipeSpec.dockerfile)

    private static let arguments = Shape<[String: String]>(Shape<String>.value.keyed().schema) { node, reader in
        guard let arguments = Shape<String>.value.keyed().read(node, &reader) else { return nil }
        for argument in arguments {
            let key = Node(mark: argument.mark, content: .scalar(argument.name, isPlain: false))
            _ = Shape<String>.variableName.literal.read(key, &reader)
        }
        return Dictionary(arguments.map { ($0.name, $0.value) }) { $1 }
    }
}

extension Shape where Value == Int {
    /// How long a build may take; ten minutes is the standard.
    fileprivate static var buildTimeout: Shape { .duration(1000...21_600_000, "1s to 6h") }
}

extension Shape where Value == [String] {
    /// A program and its arguments.
    fileprivate static var argv: Shape {
        let list = Shape<String>.value.list(atLeast: 1)
        return Shape(list.schema) { node, reader in
            guard let words = list.read(node, &reader) else { return nil }
            if words.first?.isEmpty == true {
                reader.report(node.mark, "empty", "the first item is the program to run; write its name")
            }
            return words
        }
    }
}

extension Shape where Value == String {
    /// A path inside the code repository.
    static var folder: Shape {
        .text(
            "a path inside the code repository; write it from its root, without \"..\", \":\" or a \"/\" at its ends",
            pattern: "^[^/:][^:]*$"
        ) { Paths.isStraight($0) && !$0.utf8.contains(UInt8(ascii: ":")) }
    }

    /// A folder of the container; engines part source and target of a mount with a colon.
    fileprivate static var mountTarget: Shape {
        .text("a folder of the container; write an absolute path without \"..\" and \":\"", pattern: "^/[^:]+$") {
            $0.utf8.first == UInt8(ascii: "/") && Paths.isStraight($0.dropFirst())
                && !$0.utf8.contains(UInt8(ascii: ":"))
        }
    }

    fileprivate static var stageName: Shape {
        .text(
            "a stage of a Dockerfile; write the name that stands behind AS", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$"
        ) { name in
            name.utf8.first.map { Paths.isLetter($0) || (48...57).contains($0) } == true
                && name.utf8.allSatisfy { Paths.isLetter($0) || (48...57).contains($0) || $0 == 0x2d || $0 == 0x2e }
        }
    }
}
