internal import AsyncHTTPClient
internal import Foundation
internal import Model
internal import NIOCore
internal import NIOHTTP1
internal import Reconciler

/// Requests and streams over the engine's socket, each kind with connections of its own: a stream holds one for as
/// long as it lasts, and must not keep a request waiting.
struct EngineConnection: Sendable {
    let socket: String
    let mutations = Gate(width: Bounds.mutations)
    let stops = Gate(width: Bounds.stops)
    let pulls = Gate(width: Bounds.pulls)
    private let requests: HTTPClient
    private let streams: HTTPClient
    private let version = AgreedVersion()

    init(socket: String) {
        self.socket = socket
        self.requests = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.configuration)
        self.streams = HTTPClient(eventLoopGroupProvider: .singleton, configuration: Self.configuration)
    }

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = TimeAmount(Bounds.connect)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Bounds.connections
        // A socket nobody listens on is an answer, not something to wait for.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        return configuration
    }

    var isShutDown: Bool { get async { await version.isOver } }

    func shutdown() async {
        await version.end()
        for client in [requests, streams] {
            do {
                try await client.shutdown()
            } catch {
                // Shut down before.
            }
        }
    }

    /// Sends and waits for the whole answer, whatever its status.
    func send(_ request: EngineRequest, for operation: String) async throws(HostError) -> EngineReply {
        let prefix = try await prefix(of: request, for: operation)
        do throws(TransportFailure) {
            do throws(TransportFailure) {
                return try await exchange(request, prefix: prefix)
            } catch {
                // An idle connection may have been closed under us; reading again changes nothing.
                guard case .broken = error, request.method == .get else { throw error }
                return try await exchange(request, prefix: prefix)
            }
        } catch {
            // The engine that comes back may be another version.
            await version.forget()
            throw error.explained(operation, socket: socket)
        }
    }

    /// Sends when one of the ``Bounds/mutations`` is free.
    func mutate(_ request: EngineRequest, for operation: String) async throws(HostError) -> EngineReply {
        try await queue(at: mutations, for: operation) { () async throws(HostError) in
            try await send(request, for: operation)
        }
    }

    func queue<Value: Sendable>(
        at gate: Gate, for operation: String, _ work: () async throws(HostError) -> Value
    ) async throws(HostError) -> Value {
        guard let value = try await gate.pass(work) else {
            throw HostError(operation, .unreachable, "cancelled before it was asked of the engine")
        }
        return value
    }

    /// Opens an answer without an end, or a long one. A status that is not a success is thrown with the engine's words.
    func open(_ request: EngineRequest, for operation: String) async throws(HostError) -> EngineStream {
        let prefix = try await prefix(of: request, for: operation)
        let response: HTTPClientResponse
        do {
            let deadline = request.deadline == .zero ? NIODeadline.distantFuture : .now() + TimeAmount(request.deadline)
            response = try await streams.execute(raw(request, prefix: prefix), deadline: deadline)
        } catch {
            throw TransportFailure(error).explained(operation, socket: socket)
        }
        guard response.status.code < 300 else {
            let reply: EngineReply
            do throws(TransportFailure) {
                reply = try await Deadline.within(Bounds.read) { try await collect(response) }
            } catch {
                throw error.explained(operation, socket: socket)
            }
            throw EngineRefusal(reply).explained(operation)
        }
        return EngineStream(response: response, operation: operation, socket: socket)
    }

    private func exchange(
        _ request: EngineRequest, prefix: String
    ) async throws(TransportFailure) -> EngineReply {
        try await Deadline.within(request.deadline) {
            try await collect(requests.execute(raw(request, prefix: prefix), timeout: TimeAmount(request.deadline)))
        }
    }

    private func collect(_ response: HTTPClientResponse) async throws -> EngineReply {
        let body = try await response.body.collect(upTo: Bounds.reply)
        return EngineReply(status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    private func raw(_ request: EngineRequest, prefix: String) -> HTTPClientRequest {
        var raw = HTTPClientRequest(
            url: "http+unix://\(EngineRequest.escape(socket))\(prefix)\(request.target)")
        raw.method = HTTPMethod(rawValue: request.method.rawValue)
        // Go's server insists on a Host header, and a socket has no name to put there (`stack.md` §0.1).
        raw.headers.add(name: "Host", value: "docker")
        switch request.body {
        case .none: break
        case .json(let bytes):
            raw.headers.add(name: "Content-Type", value: "application/json")
            raw.body = .bytes(bytes)
        case .tar(let bytes):
            raw.headers.add(name: "Content-Type", value: "application/x-tar")
            raw.body = .bytes(bytes)
        case .upload(let upload):
            raw.headers.add(name: "Content-Type", value: "application/x-tar")
            raw.body = .stream(upload, length: .unknown)
        }
        return raw
    }

    /// Which engine it is.
    func kind(for operation: String) async throws(HostError) -> EngineKind { try await agreed(for: operation).kind }

    /// `Docker 20.10.24`, `Podman 4.3.1`.
    func title() async throws(HostError) -> String {
        let agreement = try await agreed(for: "ask which engine it is")
        let name =
            switch agreement.kind {
            case .docker: "Docker"
            case .podman: "Podman"
            }
        return agreement.release.isEmpty ? name : "\(name) \(agreement.release)"
    }

    private func prefix(of request: EngineRequest, for operation: String) async throws(HostError) -> String {
        switch request.dialect {
        case .docker: try await agreed(for: operation).prefix
        case .podman: Podman.prefix
        }
    }

    /// `/v1.41`, or what the engine can where that is outside its range, and which engine it is; asked once.
    private func agreed(for operation: String) async throws(HostError) -> AgreedVersion.Agreement {
        if let known = await version.agreement { return known }
        let reply: EngineReply
        do throws(TransportFailure) {
            reply = try await exchange(EngineRequest(.get, "/version"), prefix: "")
        } catch {
            throw error.explained(operation, socket: socket)
        }
        guard reply.isSuccess else {
            throw HostError(
                operation, .unreachable, "the engine at \(socket) does not say its version: \(reply.message)")
        }
        struct Versions: Decodable {
            let newest: String
            let oldest: String?
            let release: String?
            let components: [EngineKind.Component]?
            enum CodingKeys: String, CodingKey {
                case newest = "ApiVersion", oldest = "MinAPIVersion", release = "Version", components = "Components"
            }
        }
        let versions = try reply.decode(Versions.self, for: operation)
        let prefix = try AgreedVersion.choose(newest: versions.newest, oldest: versions.oldest, for: operation)
        let agreement = AgreedVersion.Agreement(
            prefix: prefix, kind: EngineKind(versions.components ?? []), release: versions.release ?? "")
        await version.agree(on: agreement)
        return agreement
    }
}

/// The version that both sides speak.
actor AgreedVersion {
    struct Agreement: Sendable {
        let prefix: String
        let kind: EngineKind
        /// As it calls it: `20.10.24`.
        let release: String
    }

    private(set) var agreement: Agreement?
    /// Whether nothing will be asked any more.
    private(set) var isOver = false

    func end() { isOver = true }
    func agree(on agreement: Agreement) { self.agreement = agreement }
    func forget() { agreement = nil }

    /// The version Berth is written for, 1.41, or the nearest that the engine speaks.
    static func choose(newest: String, oldest: String?, for operation: String) throws(HostError) -> String {
        func minor(_ text: String) -> Int? {
            let parts = text.split(separator: ".")
            return parts.count == 2 && parts[0] == "1" ? Int(parts[1]) : nil
        }
        guard let newest = minor(newest) else {
            throw HostError(operation, .refused, "the engine speaks API \(newest), which Berth does not know")
        }
        return "/v1.\(max(min(41, newest), oldest.flatMap(minor) ?? 0))"
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
