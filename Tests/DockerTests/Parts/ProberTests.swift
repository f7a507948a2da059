import Glibc
import Model
import Reconciler
import Testing

@testable import Docker

@Suite struct ProberTests {
    @Test func `a connection that is never answered holds up no end`() async throws {
        let deaf = try DeafPort()
        defer { deaf.stop() }
        let engine = DockerEngine(
            socket: "/run/absent.sock", installation: InstallationID("me"), key: Bench.key, namesRoot: "/absent")
        let probe = HealthCheck.Probe.http(path: "/", port: deaf.port)
        #expect(await engine.probe(probe, at: "127.0.0.1", timeoutMillis: 200) == "timed out after 200 ms")
        let began = ContinuousClock.now
        await engine.shutdown()
        // The client on its own would wait for 30 s.
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test func `who has more patience than a connection is given is told how long that was`() async throws {
        let deaf = try DeafPort()
        defer { deaf.stop() }
        let engine = DockerEngine(
            socket: "/run/absent.sock", installation: InstallationID("me"), key: Bench.key, namesRoot: "/absent")
        let answer = await engine.probe(.http(path: "/", port: deaf.port), at: "127.0.0.1", timeoutMillis: 60_000)
        #expect(answer == "timed out after 5 s")
        await engine.shutdown()
    }
}

/// A port whose queue is full: the kernel drops whoever knocks, as a container does that has just gone.
private final class DeafPort {
    let port: UInt16
    private var sockets: [CInt] = []

    struct Failure: Error { let code = errno }

    init() throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        sockets.append(listener)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) | listen(listener, 0) | getsockname(listener, $0, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard status == 0 else { throw Failure() }
        // More than the queue holds; those beyond it stay in the middle of their handshake.
        for _ in 0..<4 {
            let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
            let client = socket(AF_INET, kind, 0)
            sockets.append(client)
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(client, $0, length) }
            }
        }
    }

    func stop() { for socket in sockets { close(socket) } }
}
