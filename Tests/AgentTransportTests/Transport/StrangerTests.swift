import AgentProtocol
import AgentTransport
import Crypto
import Foundation
import Model
import SwiftASN1
import Testing
import X509

@Suite("Agents that are not ours")
struct StrangerTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("What is no frame is told as that, and the session goes on with the next")
    func malformed() async throws {
        let harbour = try Harbour()
        let (told, tell) = AsyncStream.makeStream(of: LinkError?.self)
        try await withListener(
            harbour.authority,
            session: { peer, link in
                for _ in 0..<2 {
                    tell.yield(await failure { () async throws(LinkError) in _ = try await link.receive() })
                }
                await echo(peer, link)
            }
        ) { address in
            _ = try await harbour.joined("micro-92", at: address)
            let frame = hex(FrameCoding.encode(AgentFrame.beat(beat(9))))
            let stranger = try Stranger.converse(
                at: address, showing: harbour.scratch.file("agent-micro-92/agent.pem"),
                trusting: harbour.scratch.file("agent-micro-92/authority.pem"), frames: ["ffffff", "", frame],
                in: harbour.scratch)
            let output = try await stranger.end()
            #expect(output == "answer \(hex(FrameCoding.encode(ControllerFrame.beat(beat(9)))))\nend\n")
            var ends: [LinkError?] = []
            for await end in told {
                ends.append(end)
                if ends.count == 2 { break }
            }
            #expect(ends.map { $0?.failure } == [.malformed, .malformed], "\(ends)")
        }
    }

    @Test("A frame over the bound is not taken in, whoever sends it")
    func oversize() async throws {
        let harbour = try Harbour()
        let (told, tell) = AsyncStream.makeStream(of: LinkError?.self)
        try await withListener(
            harbour.authority,
            session: { peer, link in
                tell.yield(await failure { () async throws(LinkError) in _ = try await link.receive() })
            }
        ) { address in
            _ = try await harbour.joined("micro-92", at: address)
            let stranger = try Stranger.converse(
                at: address, showing: harbour.scratch.file("agent-micro-92/agent.pem"),
                trusting: harbour.scratch.file("agent-micro-92/authority.pem"), frames: ["zero:\(33 << 20)"],
                in: harbour.scratch)
            let error = await told.first { _ in true }
            #expect(error??.failure == .malformed, "\(String(describing: error))")
            #expect(
                error??.message.contains("over the 32 MiB that one may have") == true, "\(String(describing: error))")
            _ = try await stranger.end()
        }
    }

    @Test("The key of a join token opens no session")
    func tokenOpensNoSession() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let token = try harbour.token(for: "micro-92").reveal()
            let part = try token.split(separator: ".").dropFirst(2).first.unwrapped()
            let base64 = String(part.replacing("-", with: "+").replacing("_", with: "/")) + "="
            let raw = try Data(base64Encoded: base64).unwrapped()
            let key = try P256.Signing.PrivateKey(rawRepresentation: raw)
            let name = try DistinguishedName { CommonName("micro-92") }
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
                notValidBefore: Date(timeIntervalSinceNow: -60), notValidAfter: Date(timeIntervalSinceNow: 3600),
                issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256, extensions: Certificate.Extensions(),
                issuerPrivateKey: .init(key))
            let pem = harbour.scratch.file("token.pem")
            let text = try certificate.serializeAsPEM().pemString + "\n" + key.pemRepresentation + "\n"
            try Data(text.utf8).write(to: URL(filePath: pem))
            _ = try await harbour.joined("other", at: address)
            let stranger = try Stranger.converse(
                at: address, showing: pem, trusting: harbour.scratch.file("agent-other/authority.pem"), frames: [],
                in: harbour.scratch)
            let output = try await stranger.end()
            #expect(
                output
                    == "PERMISSION_DENIED a join token only lets micro-92 join; what it gets for it does the rest\n")
        }
    }
}
