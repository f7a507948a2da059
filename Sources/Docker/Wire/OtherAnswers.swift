// What the engine answers about everything that is not a container: only what Berth reads.

struct AnsweredNetwork: Decodable, Sendable {
    struct IPAM: Decodable, Sendable {
        struct Pool: Decodable, Sendable {
            let subnet: String?
            enum CodingKeys: String, CodingKey { case subnet = "Subnet" }
        }
        let pools: [Pool]?
        enum CodingKeys: String, CodingKey { case pools = "Config" }
    }

    struct Endpoint: Decodable, Sendable {
        let name: String?
        /// With its prefix: `10.210.0.2/28`.
        let address: String?
        enum CodingKeys: String, CodingKey { case name = "Name", address = "IPv4Address" }
    }

    let id: String
    let name: String
    let labels: [String: String]?
    let ipam: IPAM?
    /// By container id; only inspection fills it.
    let endpoints: [String: Endpoint]?

    enum CodingKeys: String, CodingKey {
        case id = "Id", name = "Name", labels = "Labels", ipam = "IPAM", endpoints = "Containers"
    }
}

struct ListedImage: Decodable, Sendable {
    let id: String
    let tags: [String]?
    let digests: [String]?
    enum CodingKeys: String, CodingKey { case id = "Id", tags = "RepoTags", digests = "RepoDigests" }
}

struct InspectedImage: Decodable, Sendable {
    struct Config: Decodable, Sendable {
        let labels: [String: String]?
        enum CodingKeys: String, CodingKey { case labels = "Labels" }
    }
    let id: String
    let config: Config?
    enum CodingKeys: String, CodingKey { case id = "Id", config = "Config" }
}

struct AnsweredVolume: Decodable, Sendable {
    let labels: [String: String]?
    enum CodingKeys: String, CodingKey { case labels = "Labels" }
}

struct PullProgress: Decodable, Sendable {
    let error: String?
}

/// A line of the answer to a build or a load.
struct BuildProgress: Decodable, Sendable {
    struct Detail: Decodable, Sendable {
        /// The exit status, where it was a command that failed.
        let code: Int?
    }
    let stream: String?
    let error: String?
    let errorDetail: Detail?
}

struct EngineEvent: Decodable, Sendable {
    struct Actor: Decodable, Sendable {
        let attributes: [String: String]?
        enum CodingKeys: String, CodingKey { case attributes = "Attributes" }
    }
    let type: String?
    let action: String?
    let actor: Actor?
    enum CodingKeys: String, CodingKey { case type = "Type", action = "Action", actor = "Actor" }
}
