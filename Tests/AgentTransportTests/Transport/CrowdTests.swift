import AgentProtocol
import AgentTransport
import Model
import Testing

@Suite("A crowd at the door")
struct CrowdTests {
    @Test("A hundred agents join and talk at once", .timeLimit(.minutes(5)))
    func hundred() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let answered = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let credentials = try await harbour.joined("micro-\(number)", at: address)
                        let link = try await harbour.dial(credentials, at: address)
                        try await link.send(try lines(number + 1, of: 10))
                        let answer = try await link.receive()
                        await link.close()
                        return answer == .refusal("\(number + 1) lines for micro-\(number)")
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(answered == 100)
        }
        #expect(try harbour.authority.certificates().count == 100)
    }

    @Test("One node has four sessions at most, and each that ends makes room")
    func sessions() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let dialer = AgentDialer(address, credentials: credentials)
            var links: [LinkToController] = []
            for _ in 0..<4 { links.append(try await dialer.dial()) }
            let error = try #require(await failure { () async throws(LinkError) in _ = try await dialer.dial() })
            #expect(error.failure == .lost)
            #expect(error.message.contains("is an agent started twice?"), "\(error)")
            for link in links { await link.close() }
            let again = try await within(.seconds(30), "to make room") {
                while true {
                    do { return try await dialer.dial() } catch { try await Task.sleep(for: .milliseconds(100)) }
                }
            }
            await again.close()
        }
    }

    @Test("Nobody there is worth another try, and says where it looked")
    func nobody() async throws {
        let harbour = try Harbour()
        let address = try await withListener(harbour.authority) { address in
            _ = try await harbour.joined("micro-92", at: address)
            return address
        }
        let dialer = AgentDialer(address, credentials: try harbour.credentials("agent-micro-92"))
        let error = try #require(await failure { () async throws(LinkError) in _ = try await dialer.dial() })
        #expect(error.failure == .lost)
        #expect(error.message.contains("\(address)"), "\(error)")
    }

    @Test("A name that leads nowhere is worth another try")
    func noName() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in _ = try await harbour.joined("micro-92", at: address) }
        let nowhere = HostPort(host: "controller.invalid", port: 3452)
        let dialer = AgentDialer(nowhere, credentials: try harbour.credentials("agent-micro-92"))
        let error = try #require(await failure { () async throws(LinkError) in _ = try await dialer.dial() })
        #expect(error.failure == .lost)
        #expect(error.message.contains("controller.invalid:3452"), "\(error)")
    }

    @Test("Two controllers do not share a port")
    func portTaken() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let error = try await #require(throws: LinkError.self) {
                try await withListener(harbour.authority, at: address) { _ in }
            }
            #expect(error.failure == .refused)
            #expect(error.message.contains("cannot listen for agents at \(address)"), "\(error)")
        }
    }
}
