internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import Reconciler

/// Why an exchange with the engine did not come to its end.
enum TransportFailure: Error, Equatable {
    case noSocket, nobodyListens, notPermitted
    case tooLate, tooLarge, cancelled, shutDown
    /// What was to be sent ended with an error of its own.
    case unsent(HostFailure, String)
    case broken(String)

    init(_ error: any Error) {
        self =
            switch error {
            case let error as TransportFailure: error
            case let error as Upload.Unsent: .unsent(error.failure, error.words)
            case let error as IOError: Self(errno: error.errnoCode)
            case is NIOTooManyBytesError: .tooLarge
            case is CancellationError: .cancelled
            case let error as HTTPClientError: Self(client: error)
            default: .broken("\(type(of: error))")
            }
    }

    private init(client error: HTTPClientError) {
        self =
            switch error {
            case .cancelled: .cancelled
            case .alreadyShutdown: .shutDown
            case .deadlineExceeded, .connectTimeout, .readTimeout: .tooLate
            case .remoteConnectionClosed: .broken("the engine closed the connection")
            default: .broken("\(error)")
            }
    }

    private init(errno code: CInt) {
        self =
            switch code {
            case ENOENT: .noSocket
            case ECONNREFUSED: .nobodyListens
            case EACCES, EPERM: .notPermitted
            default: .broken(String(cString: strerror(code)))
            }
    }

    func explained(_ operation: String, socket: String) -> HostError {
        guard case .unsent(let failure, let words) = self else {
            return HostError(operation, .unreachable, sentence(socket))
        }
        return HostError(operation, failure, words)
    }

    private func sentence(_ socket: String) -> String {
        switch self {
        case .noSocket: "no engine: \(socket) does not exist; start docker, or name another socket in DOCKER_HOST"
        case .nobodyListens: "no engine: nobody listens on \(socket); start docker"
        case .notPermitted: "no permission to use \(socket); add this user to the group docker, or run as root"
        case .tooLate: "the engine at \(socket) did not answer in time"
        case .tooLarge: "the engine at \(socket) answers more than Berth reads"
        case .cancelled: "cancelled"
        case .shutDown: "Berth has closed its connections to the engine"
        case .unsent(_, let words): words
        case .broken(let what): "the connection to \(socket) broke: \(what)"
        }
    }
}

/// An answer that is not a success.
struct EngineRefusal {
    let status: Int
    let words: String

    /// What Docker would have said, where Podman says it otherwise.
    private let podman: Podman.Refusal?

    init(_ reply: EngineReply) {
        words = reply.message
        podman = Podman.Refusal.allCases.first { [words] in words.contains($0.rawValue) }
        status = reply.status == 500 ? podman?.status ?? 500 : reply.status
    }

    /// What the engine says with 500 although it has done nothing, and would not do it next time either.
    private static let knownRefusals = [
        "address already in use", "port is already allocated", "pool overlaps", "no space left on device",
        "oci runtime create failed", "failed to create task for container", "no such image", "invalid",
        "cannot locate specified dockerfile", "error processing tar file",
    ]

    /// What a container was to see of the node is gone: perhaps it was removed since the plan was made.
    private static let missingSource = "bind source path does not exist"

    func says(_ text: String) -> Bool { words.lowercased().contains(text) || podman?.dockers == text }

    var failure: HostFailure {
        if says(Self.missingSource) { return .stale }
        return switch status {
        case 404, 409: .stale
        case 400..<500: .refused
        default: Self.knownRefusals.contains(where: says) ? .refused : .unreachable
        }
    }

    func explained(_ operation: String) -> HostError { HostError(operation, failure, sentence) }

    private var sentence: String {
        if says(Self.missingSource) { return "a folder that it mounts is not there any more: \(words)" }
        if says("port is already allocated") || says("address already in use") {
            return "\(taken) is taken by something else; free it, or ask for another: \(words)"
        }
        return words
    }

    /// What the engine could not have: `port 9001` or `address 10.210.0.2`.
    private var taken: String {
        for word in words.split(separator: " ") {
            let trimmed = word.trimmingCharacters(in: CharacterSet(charactersIn: ":,."))
            let parts = trimmed.split(separator: ":")
            guard parts[...].first?.split(separator: ".").count == 4 else { continue }
            if parts.count == 2, UInt16(parts[1]) != nil { return "port \(parts[1])" }
            if parts.count == 1 { return "address \(parts[0])" }
        }
        return "a port or address"
    }
}
