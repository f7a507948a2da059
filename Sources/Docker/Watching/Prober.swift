internal import AsyncHTTPClient
internal import Foundation
package import Model
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks containers whether they serve, from the node itself.
struct Prober: Sendable {
    private let client: HTTPClient

    init() {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        // A container that has just gone swallows the first packet. Whoever asked gives up at its own timeout, but the
        // client cannot be shut down before the connection was given up, and its own patience is 30 s.
        configuration.timeout.connect = TimeAmount(Bounds.connect)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async {
        do {
            try await client.shutdown()
        } catch {
            // Shut down before.
        }
    }

    /// `nil` where the answer is 200 to 399, otherwise what was wrong.
    func get(_ path: String, at address: String, port: UInt16, within timeout: Duration) async -> String? {
        var request = HTTPClientRequest(url: "http://\(address):\(port)\(path.hasPrefix("/") ? "" : "/")\(path)")
        request.headers.add(name: "User-Agent", value: "berth")
        // The next container at this address is another one.
        request.headers.add(name: "Connection", value: "close")
        do {
            let response = try await client.execute(request, timeout: TimeAmount(timeout))
            let status = response.status.code
            return (200..<400).contains(status) ? nil : "HTTP \(status)"
        } catch {
            return Self.explain(error, after: timeout)
        }
    }

    /// `nil` where the port accepts a connection.
    func connect(to address: String, port: UInt16, within timeout: Duration) async -> String? {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(timeout))
                .connect(host: address, port: Int(port)).get()
            channel.close(promise: nil)
            return nil
        } catch {
            return Self.explain(error, after: timeout)
        }
    }

    private static func explain(_ error: any Error, after timeout: Duration) -> String {
        switch error {
        case let error as IOError: words(errno: error.errnoCode)
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { explain($0.error, after: timeout) } ?? "no address"
        case ChannelError.connectTimeout: "timed out after \(words(timeout))"
        case is CancellationError: "cancelled"
        case let error as HTTPClientError: explain(client: error, after: timeout)
        case is HTTPParserError: "does not speak HTTP"
        default: "\(error)"
        }
    }

    private static func explain(client error: HTTPClientError, after timeout: Duration) -> String {
        switch error {
        case .connectTimeout: "timed out after \(words(min(timeout, Bounds.connect)))"
        case .deadlineExceeded, .readTimeout: "timed out after \(words(timeout))"
        case .remoteConnectionClosed: "closed the connection without an answer"
        case .cancelled: "cancelled"
        case .alreadyShutdown: "Berth is shutting down"
        default: "\(error)"
        }
    }

    private static func words(errno code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "connection refused"
        case EHOSTUNREACH: "no route to host"
        case ECONNRESET: "connection reset"
        default: String(cString: strerror(code)).lowercased()
        }
    }

    private static func words(_ timeout: Duration) -> String {
        let millis = timeout / .milliseconds(1)
        return millis < 1000 ? "\(Int(millis)) ms" : "\((millis / 100).rounded() / 10) s".replacing(".0 s", with: " s")
    }
}

extension DockerEngine {
    package func probe(_ probe: HealthCheck.Probe, at address: String, timeoutMillis: Int) async -> String? {
        let timeout = Duration.milliseconds(max(1, timeoutMillis))
        return switch probe {
        case .http(let path, let port): await prober.get(path, at: address, port: port, within: timeout)
        case .tcp(let port): await prober.connect(to: address, port: port, within: timeout)
        case .command: nil
        }
    }
}
