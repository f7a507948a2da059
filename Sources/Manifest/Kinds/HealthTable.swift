internal import Model

/// How a container proves that it serves, before its ports are known.
struct HealthSpec: Sendable {
    enum Probe: Sendable {
        case http(path: String, port: Located<String>?)
        case tcp(port: Located<String>?)
        case command([String])
    }
    private struct HTTP: Sendable {
        var path = "/"
        var port: Located<String>?
    }
    private struct TCP: Sendable {
        var port: Located<String>?
    }

    var probes: [Probe] = []
    var intervalMillis: Int?
    var timeoutMillis: Int?
    var healthyAfter: Int?
    var unhealthyAfter: Int?
    var startPeriodMillis: Int?

    static let shape = Shape<HealthSpec>.record(
        "health", HealthSpec(),
        [
            Field("http", http, "GET must answer 200 to 399.") {
                $0.probes.append(.http(path: $1.path, port: $1.port))
            },
            Field("tcp", tcp, "The port must accept a connection.") { $0.probes.append(.tcp(port: $1.port)) },
            Field("command", Shape<String>.text.list(atLeast: 1), "Runs in the container and must end with 0.") {
                $0.probes.append(.command($1))
            },
            Field("interval", .duration(100...3_600_000, "100ms to 1h"), default: "1s", "How often it is asked.") {
                $0.intervalMillis = $1
            },
            Field("timeout", .duration(100...600_000, "100ms to 10m"), default: "2s", "How long an answer may take.") {
                $0.timeoutMillis = $1
            },
            Field("healthyAfter", .integer(1...100), default: "1", "Successes in a row until it is healthy.") {
                $0.healthyAfter = $1
            },
            Field("unhealthyAfter", .integer(1...100), default: "3", "Failures in a row until it is unhealthy.") {
                $0.unhealthyAfter = $1
            },
            Field(
                "startPeriod", .duration(0...3_600_000, "0s to 1h"), default: "20s", "How long failures do not count."
            ) {
                $0.startPeriodMillis = $1
            },
        ]
    ) { health, node, reader in
        if health.probes.count != 1 {
            reader.report(
                node.mark, "exclusive",
                "a health check asks one thing; write exactly one of \"http\", \"tcp\" and \"command\"")
        }
    }

    private static let http = Shape<HTTP>.record(
        "httpProbe", HTTP(),
        [
            Field(
                "path",
                .text("a path; write it from / on, without spaces", pattern: "^/") { path in
                    path.utf8.first == UInt8(ascii: "/") && path.utf8.allSatisfy { (0x21...0x7e).contains($0) }
                }, default: "/", "What is asked for."
            ) { $0.path = $1 },
            Field("port", portName, default: "the routed port", "A port by name or number.") { $0.port = $1 },
        ])

    private static let tcp = Shape<TCP>.record(
        "tcpProbe", TCP(),
        [Field("port", portName, default: "the first port", "A port by name or number.") { $0.port = $1 }])

    private static let portName = Shape<String>.name.located

    /// Reports a port that the service does not have.
    func check(against ports: [ContainerPort], _ reader: inout Reader) {
        for probe in probes {
            let port: Located<String>?
            switch probe {
            case .http(_, let named), .tcp(let named): port = named
            case .command: continue
            }
            guard let port, Self.number(of: port.value, among: ports) == nil else { continue }
            let hint = Nearest.hint(for: port.value, among: ports.map(\.name)) ?? "; declare it under \"ports\""
            reader.report(port.mark, "unknown-name", "the service has no port \(quoted(port.value))\(hint)")
        }
    }

    /// The check of containers with `ports`; `nil` where there is no port to ask.
    func check(of ports: [ContainerPort], routed: ContainerPort?) -> HealthCheck? {
        guard let probe = probes.first else { return nil }
        let resolved: HealthCheck.Probe
        switch probe {
        case .http(let path, let port):
            guard let number = port.map({ Self.number(of: $0.value, among: ports) }) ?? (routed ?? ports.first)?.number
            else { return nil }
            resolved = .http(path: path, port: number)
        case .tcp(let port):
            guard let number = port.map({ Self.number(of: $0.value, among: ports) }) ?? ports.first?.number else {
                return nil
            }
            resolved = .tcp(port: number)
        case .command(let words): resolved = .command(words)
        }
        var check = HealthCheck(probe: resolved)
        check.intervalMillis = intervalMillis ?? check.intervalMillis
        check.timeoutMillis = timeoutMillis ?? check.timeoutMillis
        check.healthyAfter = healthyAfter ?? check.healthyAfter
        check.unhealthyAfter = unhealthyAfter ?? check.unhealthyAfter
        check.startPeriodMillis = startPeriodMillis ?? check.startPeriodMillis
        return check
    }

    private static func number(of name: String, among ports: [ContainerPort]) -> UInt16? {
        ports.first { $0.name == name || String($0.number) == name }?.number
    }
}

/// Limits as far as the author sets them.
struct ResourcesSpec: Sendable {
    var cpuMillis: Int?
    var memoryBytes: Int64?
    var pids: Int?

    static let shape = Shape<ResourcesSpec>.record(
        "resources", ResourcesSpec(),
        [
            Field("cpu", .cpu, "Cores; 500m is half of one.") { $0.cpuMillis = $1 },
            Field("memory", .memory, "Memory, such as 512Mi.") { $0.memoryBytes = $1 },
            Field("pids", .integer(1...4_194_304), "How many processes.") { $0.pids = $1 },
        ])

    /// What all containers of a sandbox may use together.
    static let total = Shape<ResourcesSpec>.record(
        "sandboxResources", ResourcesSpec(),
        [
            Field("cpu", .cpu, "Cores of all containers together.") { $0.cpuMillis = $1 },
            Field("memory", .memory, "Memory of all containers together.") { $0.memoryBytes = $1 },
        ])

    /// These limits where they are set, else `other`'s.
    func over(_ other: ResourcesSpec) -> ResourcesSpec {
        ResourcesSpec(
            cpuMillis: cpuMillis ?? other.cpuMillis, memoryBytes: memoryBytes ?? other.memoryBytes,
            pids: pids ?? other.pids)
    }

    var limits: Limits {
        Limits(
            cpuMillis: cpuMillis ?? Limits.standard.cpuMillis,
            memoryBytes: memoryBytes ?? Limits.standard.memoryBytes, pids: pids ?? Limits.standard.pids)
    }
}
