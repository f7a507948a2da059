import AgentProtocol
import AgentTransport
import Foundation
import Model
import Testing

@Suite("Who is let in")
struct HandshakeTests {
    /// What the dial ends with.
    private func refusal(_ credentials: AgentCredentials, at address: HostPort) async throws -> LinkError {
        try #require(
            await failure { () async throws(LinkError) in
                let link = try await AgentDialer(address, credentials: credentials).dial()
                await link.close()
            })
    }

    @Test("What is no TLS is shut out, and agents come in beside it")
    func garbage() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let plain = try Program(
                ["curl", "--silent", "--show-error", "--max-time", "20", "http://\(address)/"], in: harbour.scratch)
            let noise = try Program(
                ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(address.port); head -c 200000 /dev/urandom >&3; cat <&3"],
                in: harbour.scratch)
            let zeros = try Program(
                ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(address.port); head -c 200000 /dev/zero >&3; cat <&3"],
                in: harbour.scratch)
            #expect(try await plain.end().contains("curl: ("))
            _ = try await noise.end()
            _ = try await zeros.end()
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            try await link.send(.beat(beat(1)))
            #expect(try await link.receive() == .beat(beat(1)))
            await link.close()
        }
    }

    @Test("Whoever connects and says nothing is let go after the time of a handshake")
    func silence() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let start = ContinuousClock.now
            let mute = try Program(
                ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(address.port); cat <&3; echo closed"], in: harbour.scratch)
            #expect(try await mute.end().contains("closed"))
            #expect(start.duration(to: .now) > .seconds(5))
        }
    }

    @Test("TLS 1.2 is refused, 1.3 is spoken")
    func oldTLS() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            _ = try await harbour.joined("micro-92", at: address)
            func dial(_ version: String) throws -> Program {
                let pem = harbour.scratch.file("agent-micro-92/agent.pem")
                return try Program(
                    [
                        "openssl", "s_client", version, "-alpn", "h2", "-cert", pem, "-key", pem, "-connect",
                        "\(address)",
                    ],
                    in: harbour.scratch)
            }
            let old = try await dial("-tls1_2").end()
            #expect(old.contains("alert protocol version"), "\(old)")
            let new = try await dial("-tls1_3").end()
            #expect(new.contains("New, TLSv1.3"), "\(new)")
        }
    }

    @Test("A certificate of another installation is turned away by the controller itself")
    func otherAuthority() async throws {
        let harbour = try Harbour()
        let other = try Harbour()
        try await withListener(other.authority) { address in _ = try await other.joined("micro-92", at: address) }
        try await withListener(harbour.authority) { address in
            let pem = other.scratch.file("agent-micro-92/agent.pem")
            // Somebody who does not care whom they reach.
            let stranger = try Program(
                [
                    "openssl", "s_client", "-ign_eof", "-tls1_3", "-alpn", "h2", "-cert", pem, "-key", pem, "-connect",
                    "\(address)",
                ], in: harbour.scratch)
            let told = try await stranger.end()
            #expect(told.contains("alert"), "\(told)")
            let credentials = try other.credentials("agent-micro-92")
            let error = try await refusal(credentials, at: address)
            #expect(error.failure == .refused)
            #expect(error.message.contains("does not prove to be this agent's controller"), "\(error)")
            #expect(error.message.contains("it was not signed by this installation's authority"), "\(error)")
        }
    }

    @Test("A certificate that has ended is turned away, and each side says what to do")
    func expired() async throws {
        let harbour = try Harbour(lifetimes: Lifetimes(leaf: .seconds(4 * 3600)))
        try await withListener(harbour.authority) { address in
            _ = try await harbour.joined("micro-92", at: address)
            let started = harbour.now
            harbour.clock.advance(by: 5 * 3600)
            // Its own clock stands still: it does not know.
            let unknowing = try harbour.credentials("agent-micro-92", now: { started })
            let told = try await refusal(unknowing, at: address)
            #expect(told.failure == .refused, "\(told)")
            let knowing = try harbour.credentials("agent-micro-92")
            let error = try await refusal(knowing, at: address)
            #expect(error.failure == .refused)
            #expect(error.message.contains("the certificate of micro-92 has ended"), "\(error)")
            #expect(error.message.contains("berth node token micro-92"), "\(error)")
        }
    }

    @Test("A node that is removed by another process is not welcome any more: in its session, and at the door")
    func revoked() async throws {
        let harbour = try Harbour()
        let authority = harbour.authority
        try await withListener(
            authority,
            session: { peer, link in
                do {
                    while let frame = try await link.receive() {
                        guard authority.isWelcome(peer), case .beat(let beat) = frame else { return }
                        try await link.send(.beat(beat))
                    }
                } catch {}
            }
        ) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            try await link.send(.beat(beat(1)))
            #expect(try await link.receive() == .beat(beat(1)))

            let elsewhere = try Authority.open(folder: harbour.scratch.file("agents"))
            #expect(try elsewhere.remove(try NodeName("micro-92")) == 1)
            try await link.send(.beat(beat(2)))
            #expect(try await link.receive() == nil)
            await link.close()

            let error = try await refusal(credentials, at: address)
            #expect(error.failure == .refused)
            #expect(error.message.contains("refused this machine's certificate"), "\(error)")
            #expect(error.message.contains("berth node token NODE"), "\(error)")
            #expect(try authority.certificates().map(\.isRevoked) == [true])

            // A new token lets the same node in again.
            let again = try harbour.credentials("again")
            try await again.join(try harbour.token(for: "micro-92"), at: address)
            await (try await harbour.dial(again, at: address)).close()
        }
    }

    @Test("An agent's certificate does not play the controller")
    func agentAsServer() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            _ = try await harbour.joined("thief", at: address)
            let pem = harbour.scratch.file("agent-thief/agent.pem")
            let port = try freePort()
            let impostor = try Program(
                [
                    "openssl", "s_server", "-quiet", "-tls1_3", "-alpn", "h2", "-cert", pem, "-key", pem, "-accept",
                    "127.0.0.1:\(port)",
                ], in: harbour.scratch)
            try await waitForListener(on: port)
            let error = try await refusal(credentials, at: HostPort(host: "127.0.0.1", port: port))
            #expect(error.failure == .refused)
            #expect(error.message.contains("it is not of the right kind"), "\(error)")
            withExtendedLifetime(impostor) {}
        }
    }

    @Test("An hour of difference between the clocks changes nothing", arguments: [-3600, 3600])
    func skew(seconds: Int64) async throws {
        let harbour = try Harbour()
        let clock = HandClock()
        clock.advance(by: seconds)
        try await withListener(harbour.authority) { address in
            let credentials = try harbour.credentials("skewed", now: clock.read)
            try await credentials.join(try harbour.token(for: "micro-92"), at: address)
            let link = try await harbour.dial(credentials, at: address)
            try await link.send(.beat(beat(1)))
            #expect(try await link.receive() == .beat(beat(1)))
            await link.close()
        }
    }

    @Test("A clock that is days off is told as one")
    func farOff() async throws {
        let harbour = try Harbour()
        let clock = HandClock()
        clock.advance(by: -3 * 86_400)
        try await withListener(harbour.authority) { address in
            let credentials = try harbour.credentials("skewed", now: clock.read)
            let token = try harbour.token(for: "micro-92")
            let error = try #require(
                await failure { () async throws(LinkError) in try await credentials.join(token, at: address) })
            #expect(error.message.contains("set the clocks of both machines"), "\(error)")
        }
    }
}
