internal import Model

// What Berth sends to the engine.

struct NewContainer: Encodable {
    struct Nothing: Encodable {}

    struct Health: Encodable {
        let test: [String]
        /// Nanoseconds, all three.
        let interval, timeout, startPeriod: Int64
        let retries: Int
        enum CodingKeys: String, CodingKey {
            case test = "Test", interval = "Interval", timeout = "Timeout", startPeriod = "StartPeriod"
            case retries = "Retries"
        }
    }

    struct Host: Encodable {
        struct Binding: Encodable {
            let address = "0.0.0.0"
            let port: String
            enum CodingKeys: String, CodingKey { case address = "HostIp", port = "HostPort" }
        }
        struct Restart: Encodable {
            let name: String
            enum CodingKeys: String, CodingKey { case name = "Name" }
        }
        /// In this form a source that is not there is an error; in the older one the engine would make a folder there.
        struct Bind: Encodable {
            let type = "bind"
            let source, target: String
            let isReadOnly: Bool
            enum CodingKeys: String, CodingKey {
                case type = "Type", source = "Source", target = "Target", isReadOnly = "ReadOnly"
            }
        }
        struct Log: Encodable {
            let type = "json-file"
            let options = ["max-size": Bounds.logFileSize, "max-file": Bounds.logFiles]
            enum CodingKeys: String, CodingKey { case type = "Type", options = "Config" }
        }
        let nanoCPUs: Int64
        let memory: Int64
        /// Equal to `memory`: no swap beside it.
        let memoryAndSwap: Int64
        let pids: Int
        let restart: Restart
        let bindings: [String: [Binding]]
        let mounts: [Bind]
        let network: String
        let log = Log()
        enum CodingKeys: String, CodingKey {
            case nanoCPUs = "NanoCpus", memory = "Memory", memoryAndSwap = "MemorySwap", pids = "PidsLimit"
            case restart = "RestartPolicy", bindings = "PortBindings", mounts = "Mounts", network = "NetworkMode"
            case log = "LogConfig"
        }
    }

    struct Networking: Encodable {
        let endpoints: [String: EndpointSettings]
        enum CodingKeys: String, CodingKey { case endpoints = "EndpointsConfig" }
    }

    let image: String
    let command: [String]?
    /// Holds the values of secrets; encoded, and never shown.
    let environment: [String]
    let labels: [String: String]
    let exposed: [String: Nothing]
    let health: Health?
    let host: Host
    let networking: Networking

    enum CodingKeys: String, CodingKey {
        case image = "Image", command = "Cmd", environment = "Env", labels = "Labels", exposed = "ExposedPorts"
        case health = "Healthcheck", host = "HostConfig", networking = "NetworkingConfig"
    }
}

struct EndpointSettings: Encodable {
    struct Fixed: Encodable {
        let address: String
        enum CodingKeys: String, CodingKey { case address = "IPv4Address" }
    }
    let fixed: Fixed
    let aliases: [String]
    /// `nil` leaves it to the engine.
    let hardware: String?
    enum CodingKeys: String, CodingKey { case fixed = "IPAMConfig", aliases = "Aliases", hardware = "MacAddress" }

    init(address: String, alias: String, of kind: EngineKind) {
        fixed = Fixed(address: address)
        aliases = [alias]
        hardware =
            switch kind {
            case .docker: nil
            case .podman: Podman.hardwareAddress(for: address)
            }
    }
}

struct Connecting: Encodable {
    let container: String
    let endpoint: EndpointSettings
    enum CodingKeys: String, CodingKey { case container = "Container", endpoint = "EndpointConfig" }
}

struct LimitsUpdate: Encodable {
    let nanoCPUs: Int64
    let memory: Int64
    let memoryAndSwap: Int64
    let pids: Int
    enum CodingKeys: String, CodingKey {
        case nanoCPUs = "NanoCpus", memory = "Memory", memoryAndSwap = "MemorySwap", pids = "PidsLimit"
    }

    init(_ limits: Limits) {
        nanoCPUs = Int64(limits.cpuMillis) * 1_000_000
        memory = limits.memoryBytes
        memoryAndSwap = limits.memoryBytes
        pids = limits.pids
    }
}

struct NewNetwork: Encodable {
    struct IPAM: Encodable {
        struct Pool: Encodable {
            let subnet: String
            enum CodingKeys: String, CodingKey { case subnet = "Subnet" }
        }
        let pools: [Pool]
        enum CodingKeys: String, CodingKey { case pools = "Config" }
    }
    let name: String
    let driver = "bridge"
    /// Names of networks are not unique to the engine unless it is asked to look.
    let checkDuplicate = true
    let ipam: IPAM
    let labels: [String: String]
    enum CodingKeys: String, CodingKey {
        case name = "Name", driver = "Driver", checkDuplicate = "CheckDuplicate", ipam = "IPAM", labels = "Labels"
    }
}

struct NewVolume: Encodable {
    let name: String
    let labels: [String: String]
    enum CodingKeys: String, CodingKey { case name = "Name", labels = "Labels" }
}
