internal import Foundation

/// The engine of the tests, asked past Berth: its API for what is there, its command line for what a person would do.
struct Engine: Sendable {
    /// A container, as far as these tests care.
    struct Container: Decodable, Sendable {
        struct State: Decodable, Sendable {
            let status: String
            let startedAt: String
        }
        struct Config: Decodable, Sendable {
            let env: [String]?
            let labels: [String: String]?
            let image: String
        }
        struct HostConfig: Decodable, Sendable {
            let memory: Int64
        }
        struct Attachment: Decodable, Sendable {
            let iPAddress: String
        }
        struct Settings: Decodable, Sendable {
            let networks: [String: Attachment]
        }

        /// A folder of the machine that it sees.
        struct Mount: Decodable, Sendable {
            let source: String
            let destination: String
            let rW: Bool
        }

        let id: String
        let name: String
        let state: State
        let mounts: [Mount]
        let config: Config
        let hostConfig: HostConfig
        let networkSettings: Settings

        var service: String { config.labels?["berth.service"] ?? "" }
        var isRunning: Bool { state.status == "running" }
    }

    private struct Summary: Decodable {
        let id: String
    }
    private struct Network: Decodable {
        let id: String
        let name: String
        let labels: [String: String]?
    }
    private struct Volumes: Decodable {
        struct Volume: Decodable { let name: String }
        let volumes: [Volume]?
    }

    let host: String
    private let wire: Wire

    static func ofTheTests() throws -> Engine {
        guard let host = ProcessInfo.processInfo.environment["BERTH_TEST_ENGINE"], host.hasPrefix("unix://") else {
            throw Trouble("no test engine: run `make test`, which starts one, or set BERTH_TEST_ENGINE to unix://…")
        }
        return Engine(at: host)
    }

    /// `host` is `unix://` and a path.
    init(at host: String) {
        self.host = host
        wire = Wire(peer: .path(String(host.dropFirst("unix://".count))))
    }

    // MARK: What is there

    /// Every container that carries the label, in order of name.
    func containers(_ label: String) async throws -> [Container] {
        let found: [Summary] = try await get("/containers/json?all=1&filters=\(filter("label", label))")
        var containers: [Container] = []
        for summary in found {
            // One that went since the list was made is not there.
            if let container = try await container(summary.id) { containers.append(container) }
        }
        return containers.sorted { $0.name < $1.name }
    }

    func container(_ reference: String) async throws -> Container? {
        let path = "/containers/\(reference)/json"
        let answer = try await blocking { [wire] in try wire.get(path) }
        guard answer.status != 404 else { return nil }
        return try read(answer, path)
    }

    /// The names of the networks that carry the label.
    func networks(_ label: String) async throws -> [String] {
        let found: [Network] = try await get("/networks?filters=\(filter("label", label))")
        return found.map(\.name).sorted()
    }

    func volumes(named name: String) async throws -> [String] {
        let found: Volumes = try await get("/volumes?filters=\(filter("name", name))")
        return (found.volumes ?? []).map(\.name)
    }

    /// The ids of the images that carry the label.
    func images(_ label: String) async throws -> [String] {
        let found: [Summary] = try await get("/images/json?filters=\(filter("label", label))")
        return found.map(\.id).sorted()
    }

    func hasImage(_ reference: String) async throws -> Bool {
        try await blocking { [wire] in try wire.get("/images/\(reference)/json") }.status == 200
    }

    /// A line for everything on the engine that an action could change.
    func portrait() async throws -> [String] {
        let containers: [Summary] = try await get("/containers/json?all=1")
        var lines: [String] = []
        for summary in containers {
            guard let one = try await container(summary.id) else { continue }
            let places = one.networkSettings.networks.map { "\($0.key)=\($0.value.iPAddress)" }.sorted()
            lines.append(
                "container \(one.id) \(one.name) \(one.state.status) since \(one.state.startedAt) "
                    + "\(one.hostConfig.memory) \(places)")
        }
        let networks: [Network] = try await get("/networks")
        lines += networks.map { "network \($0.id) \($0.name) \(($0.labels ?? [:]).sorted { $0.key < $1.key })" }
        let volumes: Volumes = try await get("/volumes")
        lines += (volumes.volumes ?? []).map { "volume \($0.name)" }
        return lines.sorted()
    }

    /// What the engine says happened to the containers with the label since then: `start feature-b`, by the tag of
    /// their image.
    func events(_ label: String, since start: Date) async throws -> [String] {
        let text = try await docker(
            "events", "--since", "\(start.timeIntervalSince1970)", "--until", "\(Date().timeIntervalSince1970)",
            "--filter", "label=\(label)", "--filter", "type=container",
            "--format", "{{.Action}} {{.Actor.Attributes.image}}")
        return text.split(separator: "\n").map { line in
            let tag = line.split(separator: ":").last ?? ""
            return "\(line.prefix { $0 != " " }) \(tag)"
        }
    }

    // MARK: What a person does

    /// `docker …`; its output. What it refuses is a failure.
    @discardableResult
    func docker(_ words: String...) async throws -> String { try await docker(words) }

    @discardableResult
    func docker(_ words: [String]) async throws -> String {
        let environment = [
            "DOCKER_HOST": host, "HOME": "/tmp", "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
        ]
        let program = try Program(["docker"] + words, environment: environment, scratch: NSTemporaryDirectory())
        let outcome = try await program.end(within: .seconds(60))
        program.forget()
        guard outcome.status == 0 else {
            throw Trouble("docker \(words.joined(separator: " ")): \(outcome.errors)")
        }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    // MARK: The API

    private func get<Value: Decodable & Sendable>(_ path: String) async throws -> Value {
        try read(try await blocking { [wire] in try wire.get(path) }, path)
    }

    private func read<Value: Decodable>(_ answer: Answer, _ path: String) throws -> Value {
        guard answer.status == 200 else { throw Trouble("GET \(path): \(answer.status) \(answer.text)") }
        let decoder = JSONDecoder()
        // The engine writes Id and NetworkSettings; Swift says id and networkSettings. Names that people gave stay.
        decoder.keyDecodingStrategy = .custom { keys in
            let name = keys.last?.stringValue ?? ""
            let isGiven = ["Labels", "Networks"].contains(keys.dropLast().last?.stringValue ?? "")
            return Key(isGiven ? name : name.prefix(1).lowercased() + name.dropFirst())
        }
        return try decoder.decode(Value.self, from: Data(answer.body.utf8))
    }

    private func filter(_ key: String, _ value: String) -> String {
        let text = "{\"\(key)\":[\"\(value)\"]}"
        return text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ text: some StringProtocol) { stringValue = String(text) }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
