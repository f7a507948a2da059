import AgentProtocol
import Crypto
import Foundation
import Model
import Testing

@testable import AgentTransport

@Suite("Renewals that are asked for again and again")
struct RenewalTests {
    private let harbour: Harbour
    private let node: NodeName

    init() throws {
        harbour = try Harbour()
        node = try NodeName("micro-92")
    }

    private func request() throws -> [UInt8] { try Identity.request(P256.Signing.PrivateKey(), for: node) }

    private func joined() throws -> Peer {
        let token = try JoinToken(try harbour.token(for: node.text))
        let certificate = try harbour.authority.join(try request(), with: JoinToken.id(of: token.key.publicKey))
        return Peer(node: node.text, serial: certificate.serial)
    }

    private func renewed(_ peer: Peer) throws -> Peer {
        Peer(node: node.text, serial: try harbour.authority.renew(try request(), for: peer).serial)
    }

    @Test("The certificate in use stays in force however many answers are lost, and few others do")
    func lost() throws {
        let peer = try joined()
        for _ in 0..<30 {
            harbour.clock.advance(by: 61)
            let newer = try renewed(peer)
            #expect(harbour.authority.isWelcome(peer))
            #expect(harbour.authority.isWelcome(newer))
        }
        #expect(try harbour.authority.certificates().count(where: { !$0.isRevoked }) == Authority.mostPerNode)
        // Once it shows a newer one, the first is as old as any.
        var latest = peer
        for _ in 0..<10 {
            harbour.clock.advance(by: 61)
            latest = try renewed(latest)
        }
        #expect(!harbour.authority.isWelcome(peer))
        #expect(harbour.authority.isWelcome(latest))
    }

    @Test("Asked again within a minute, none is signed, whichever certificate is shown; after it one is")
    func haste() throws {
        let first = try joined()
        harbour.clock.advance(by: 3600)
        let second = try renewed(first)
        for peer in [first, second] {
            harbour.clock.advance(by: 29)
            let error = try #require(throws: LinkError.self) { try renewed(peer) }
            #expect(error.failure == .lost)
            #expect(
                error.message
                    == "micro-92 asked again too soon: its last certificate was signed less than 60 s ago")
        }
        #expect(try harbour.authority.certificates().count == 2)
        harbour.clock.advance(by: 2)
        #expect(harbour.authority.isWelcome(try renewed(first)))
    }

    @Test("A clock that was set back holds no renewal up")
    func setBack() throws {
        let peer = try joined()
        harbour.clock.advance(by: -3600)
        #expect(harbour.authority.isWelcome(try renewed(peer)))
    }
}
