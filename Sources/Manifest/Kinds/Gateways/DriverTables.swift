internal import Model

// What the drivers beside HAProxy are told.

extension ConfigFileMap {
    private enum Graceful: String, CaseIterable, Sendable {
        case none
        case apacheGraceful = "apache-graceful"
    }
    private struct Spec: Sendable {
        var map = ConfigFileMap(folder: "")
        var reload = Graceful.none
        var pidFile: String?
    }

    static let shape: Shape<ConfigFileMap> = record.map(\.map)

    private static let record = Shape<Spec>.record(
        "configFileMap", Spec(),
        [
            Field(
                "folder", folderShape, required: true,
                "The checked-out gateway on its node; {sandbox} in it stands for the sandbox, and without that the "
                    + "gateway serves one sandbox."
            ) { $0.map.folder = $1 },
            Field(
                "file", below, default: "application/config/production/config.php",
                "The file with the route map, below the folder."
            ) { $0.map.file = $1 },
            Field("keyPattern", keyPatternShape, default: "{service}_url", "The key of a service's address.") {
                $0.map.keyPattern = $1
            },
            Field(
                "defaultsFile", below, default: ".sdp/ocp-defaults.json",
                "Where the addresses that the branch shipped are kept, below the folder."
            ) { $0.map.defaultsFile = $1 },
            Field("reload", Shape<Graceful>.choice, default: "none", "How the gateway is told to read the file again.")
            {
                $0.reload = $1
            },
            Field("pidFile", .absolutePath, "The file with Apache's process id, for reload apache-graceful.") {
                $0.pidFile = $1
            },
        ]
    ) { spec, node, reader in
        switch (spec.reload, spec.pidFile) {
        case (.none, nil): break
        case (.apacheGraceful, let file?): spec.map.reload = .apacheGraceful(pidFile: file)
        case (.none, _?):
            reader.report(
                node.mark, "exclusive", "\"pidFile\" belongs to \"reload: apache-graceful\"; write that, or remove it")
        case (.apacheGraceful, nil):
            reader.report(
                node.mark, "missing-key",
                "\"reload: apache-graceful\" needs the process; add pidFile: /run/apache2/apache2.pid")
        }
    }

    private static let folderShape = Shape<String>.text(
        "an absolute path without \"..\"; write it from / on, with {sandbox} where each sandbox has its own",
        pattern: "^/"
    ) { path in
        path.utf8.first == UInt8(ascii: "/") && Paths.isStraight(path.dropFirst())
            && Placeholders.isClean(path, knowing: ["{sandbox}"])
    }

    private static let below = Shape<String>.text(
        "a path below the folder; write it without \"..\" or a \"/\" at its ends", pattern: "^[^/]",
        where: Paths.isStraight)

    private static let keyPatternShape = Shape<String>.text(
        "a key with {service} in it; use letters, digits, \"-\", \"_\" and \".\" beside it",
        pattern: "^[A-Za-z0-9_.-]*\\{service\\}[A-Za-z0-9_.-]*$"
    ) { pattern in
        let parts = pattern.split(separator: "{service}", omittingEmptySubsequences: false)
        return parts.count == 2 && pattern.utf8.count <= 128
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { Paths.isLetter($0) || (48...57).contains($0) || Array("-.".utf8).contains($0) }
            }
    }
}

extension TraefikLabels {
    static let shape = Shape<TraefikLabels>.record(
        "traefikLabels", TraefikLabels(),
        [
            Field(
                "host", host, default: "{service}-{sandbox}.{baseDomain}", "The host name of a service of a sandbox."
            ) { $0.hostPattern = $1 },
            Field("port", .port, default: "80", "The port of containers that name none.") { $0.port = $1 },
        ])

    private static let host = Shape<String>.text(
        "a host name with {service} and {sandbox} in it; write it like {service}-{sandbox}.{baseDomain}",
        pattern: "^[A-Za-z0-9.{}_-]+$"
    ) { pattern in
        pattern.contains("{service}") && pattern.contains("{sandbox}")
            && Placeholders.isClean(pattern, knowing: ["{service}", "{sandbox}", "{baseDomain}"])
            && EndpointText.isHost(
                Placeholders.fill(pattern, ["{service}": "a", "{sandbox}": "a", "{baseDomain}": "a.example"]))
    }
}

/// `{…}` in texts that a sandbox or service fills in.
enum Placeholders {
    static func fill(_ text: String, _ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.reduce(text) { filled, value in
            filled.split(separator: value.key, omittingEmptySubsequences: false).joined(separator: value.value)
        }
    }

    /// Whether nothing but known places stands in braces.
    static func isClean(_ text: String, knowing known: [String]) -> Bool {
        let rest = fill(text, Dictionary(uniqueKeysWithValues: known.map { ($0, "") }))
        return !rest.utf8.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
    }
}
