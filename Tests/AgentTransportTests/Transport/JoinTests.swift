import AgentProtocol
import AgentTransport
import Foundation
import Model
import Testing

@Suite("Joining")
struct JoinTests {
    @Test("A token makes an agent of a machine, and the agent talks")
    func joins() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            #expect(credentials.node?.text == "micro-92")
            let link = try await harbour.dial(credentials, at: address)
            try await link.send(.beat(beat(7)))
            #expect(try await link.receive() == .beat(beat(7)))
            await link.close()
        }
        let issued = try harbour.authority.certificates()
        #expect(issued.map(\.node.text) == ["micro-92"])
        #expect(issued.map(\.isRevoked) == [false])
    }

    @Test("What an agent keeps is its own, and another start of it reads it")
    func kept() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let first = try await harbour.joined("micro-92", at: address)
            let again = try harbour.credentials("agent-micro-92")
            #expect(again.node == first.node)
            #expect(again.expiresAt == first.expiresAt)
            for name in ["agent.pem", "authority.pem"] {
                let path = harbour.scratch.file("agent-micro-92/\(name)")
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
            }
            let link = try await harbour.dial(again, at: address)
            await link.close()
        }
    }

    @Test("A token is spent by its first use, and an agent that has joined may be started with it again")
    func twice() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let token = try harbour.token(for: "micro-92")
            let first = try harbour.credentials("first")
            try await first.join(token, at: address)
            try await first.join(token, at: address)
            let second = try harbour.credentials("second")
            let error = try #require(
                await failure { () async throws(LinkError) in try await second.join(token, at: address) })
            #expect(error.failure == .refused)
            #expect(error.message.contains("its token was used already"), "\(error)")
            #expect(error.message.contains("berth node token NODE"), "\(error)")
            #expect(second.node == nil)
        }
        #expect(try harbour.authority.certificates().count == 1)
    }

    @Test("Of many that use one token at once, one joins")
    func race() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let token = try harbour.token(for: "micro-92")
            let joined = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        do {
                            try await harbour.credentials("racer-\(number)").join(token, at: address)
                            return true
                        } catch {
                            return false
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(joined == 1)
        }
        #expect(try harbour.authority.certificates().count == 1)
    }

    @Test("A token that has ended opens nothing")
    func ended() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let token = try harbour.token(for: "micro-92", lasting: .seconds(60))
            harbour.clock.advance(by: 61)
            let credentials = try harbour.credentials("late")
            let error = try #require(
                await failure { () async throws(LinkError) in try await credentials.join(token, at: address) })
            #expect(error.failure == .refused, "\(error)")
        }
    }

    @Test("A token that was taken back with its node opens nothing")
    func removed() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let token = try harbour.token(for: "micro-92")
            #expect(try harbour.authority.remove(try NodeName("micro-92")) == 1)
            let credentials = try harbour.credentials("late")
            let error = try #require(
                await failure { () async throws(LinkError) in try await credentials.join(token, at: address) })
            #expect(error.failure == .refused, "\(error)")
        }
    }

    @Test("A token of another installation does not reach the one that answers")
    func otherInstallation() async throws {
        let harbour = try Harbour()
        let other = try Harbour()
        try await withListener(harbour.authority) { address in
            let credentials = try harbour.credentials("lost")
            let token = try other.token(for: "micro-92")
            let error = try #require(
                await failure { () async throws(LinkError) in try await credentials.join(token, at: address) })
            #expect(error.failure == .refused)
            #expect(error.message.contains("is not the controller that made the join token"), "\(error)")
        }
        #expect(try harbour.authority.certificates().isEmpty)
    }

    @Test("The name in a token is that of its maker: another name in the text changes nothing")
    func renamed() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let token = try harbour.token(for: "micro-92").reveal().replacing("micro-92", with: "gateway")
            let credentials = try harbour.credentials("renamed")
            try await credentials.join(Secret(token), at: address)
            #expect(credentials.node?.text == "micro-92")
        }
    }

    @Test(
        "A damaged token is told as one",
        arguments: [
            "", "berth1", "berth1.a.b", "berth2.micro-92.AAAA.AAAA", "berth1.micro-92.AAAA.AAAA", "berth1..AAAA.AAAA",
            "berth1.micro-92.\(String(repeating: "B", count: 43)).AAAA", "berth1.micro-92.%%.AAAA",
        ])
    func damaged(text: String) async throws {
        let harbour = try Harbour()
        let credentials = try harbour.credentials("none")
        let error = try #require(
            await failure { () async throws(LinkError) in
                try await credentials.join(Secret(text), at: HostPort(host: "127.0.0.1", port: 9))
            })
        #expect(error.failure == .refused)
        #expect(error.message.contains("copy it whole from `berth node token NODE`"), "\(error)")
    }

    @Test("An agent that has not joined says what to do")
    func notJoined() async throws {
        let harbour = try Harbour()
        let dialer = AgentDialer(HostPort(host: "127.0.0.1", port: 9), credentials: try harbour.credentials("none"))
        let error = try #require(await failure { () async throws(LinkError) in _ = try await dialer.dial() })
        #expect(error.failure == .refused)
        #expect(error.message.contains("make a token at the controller (berth node token NODE)"), "\(error)")
    }
}
