internal import Model

// What the engine answers about containers: only what Berth reads. Never printed: the environment holds secrets.

struct ListedContainer: Decodable, Sendable {
    struct Port: Decodable, Sendable {
        let privatePort: UInt16?
        let publicPort: UInt16?
        enum CodingKeys: String, CodingKey { case privatePort = "PrivatePort", publicPort = "PublicPort" }
    }

    let id: String
    let names: [String]?
    let image: String?
    let imageID: String?
    let state: String?
    let labels: [String: String]?
    let ports: [Port]?

    enum CodingKeys: String, CodingKey {
        case id = "Id", names = "Names", image = "Image", imageID = "ImageID", state = "State", labels = "Labels"
        case ports = "Ports"
    }

    /// The first name that is not one of a link, without its slash.
    var name: String { names?.map { $0.dropFirst() }.first { !$0.contains("/") }.map(String.init) ?? id }
}

struct InspectedContainer: Decodable, Sendable {
    struct State: Decodable, Sendable {
        struct Health: Decodable, Sendable {
            struct Entry: Decodable, Sendable {
                let end: String?
                enum CodingKeys: String, CodingKey { case end = "End" }
            }
            let status: String?
            let log: [Entry]?
            enum CodingKeys: String, CodingKey { case status = "Status", log = "Log" }
        }
        let status: String?
        let exitCode: Int?
        let error: String?
        let health: Health?
        /// Of its first process; 0 where none runs.
        let process: Int?
        var isRunning: Bool { ObservedContainer.State(engine: status) == .running }
        enum CodingKeys: String, CodingKey {
            case process = "Pid", status = "Status", exitCode = "ExitCode", error = "Error", health = "Health"
        }
    }

    struct Config: Decodable, Sendable {
        let image: String?
        let command: [String]?
        let environment: [String]?
        let labels: [String: String]?
        let hasTerminal: Bool?
        let health: Health?
        struct Health: Decodable, Sendable {
            /// Nanoseconds.
            let interval: Int64?
            enum CodingKeys: String, CodingKey { case interval = "Interval" }
        }
        enum CodingKeys: String, CodingKey {
            case image = "Image", command = "Cmd", environment = "Env", labels = "Labels", hasTerminal = "Tty"
            case health = "Healthcheck"
        }
    }

    struct HostConfig: Decodable, Sendable {
        struct Binding: Decodable, Sendable {
            let port: String?
            enum CodingKeys: String, CodingKey { case port = "HostPort" }
        }
        struct Restart: Decodable, Sendable {
            let name: String?
            enum CodingKeys: String, CodingKey { case name = "Name" }
        }
        let nanoCPUs: Int64?
        let memory: Int64?
        let pids: Int?
        let restart: Restart?
        let bindings: [String: [Binding]?]?
        enum CodingKeys: String, CodingKey {
            case nanoCPUs = "NanoCpus", memory = "Memory", pids = "PidsLimit", restart = "RestartPolicy"
            case bindings = "PortBindings"
        }
    }

    struct Mounted: Decodable, Sendable {
        let type: String?
        let source: String?
        let target: String?
        let isWritable: Bool?
        enum CodingKeys: String, CodingKey {
            case type = "Type", source = "Source", target = "Destination", isWritable = "RW"
        }
    }

    struct Networks: Decodable, Sendable {
        let networks: [String: Endpoint]?
        enum CodingKeys: String, CodingKey { case networks = "Networks" }
    }

    struct Endpoint: Decodable, Sendable {
        struct Fixed: Decodable, Sendable {
            let address: String?
            enum CodingKeys: String, CodingKey { case address = "IPv4Address" }
        }
        let address: String?
        let fixed: Fixed?
        let aliases: [String]?
        enum CodingKeys: String, CodingKey { case address = "IPAddress", fixed = "IPAMConfig", aliases = "Aliases" }

        /// Where it is reached, or will be when it runs.
        var anyAddress: String { address.flatMap { $0.isEmpty ? nil : $0 } ?? fixed?.address ?? "" }
    }

    let id: String
    let name: String
    let imageID: String?
    let restarts: Int?
    let state: State
    let config: Config
    let host: HostConfig
    let network: Networks?
    let mounts: [Mounted]?

    enum CodingKeys: String, CodingKey {
        case id = "Id", name = "Name", imageID = "Image", restarts = "RestartCount", state = "State", config = "Config"
        case host = "HostConfig", network = "NetworkSettings", mounts = "Mounts"
    }
}

struct CreatedContainer: Decodable, Sendable {
    let id: String
    enum CodingKeys: String, CodingKey { case id = "Id" }
}
