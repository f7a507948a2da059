import AgentProtocol
import AgentTransport
import Foundation
import Model
import Testing

@Suite("The authority of a controller")
struct AuthorityTests {
    @Test("Epochs begin with the clock and grow with each start, also when another process opens the folder")
    func epochs() throws {
        let harbour = try Harbour()
        let start = UInt64(harbour.now.milliseconds / 1000)
        #expect(try harbour.authority.nextEpoch() == Epoch(start))
        let other = try Authority.open(folder: harbour.scratch.file("agents"), now: harbour.clock.read)
        #expect(try other.nextEpoch() == Epoch(start + 1))
        #expect(try harbour.authority.nextEpoch() == Epoch(start + 2))
        harbour.clock.advance(by: -86_400)
        #expect(try harbour.authority.nextEpoch() == Epoch(start + 3))
        harbour.clock.advance(by: 2 * 86_400)
        #expect(try harbour.authority.nextEpoch() == Epoch(start + 86_400))
    }

    @Test("A folder that is restored from a backup gives no epoch again that was given since")
    func restored() throws {
        let harbour = try Harbour()
        let file = harbour.scratch.file("agents/epoch")
        _ = try harbour.authority.nextEpoch()
        let backup = try Data(contentsOf: URL(filePath: file))
        let since = try (0..<3).map { _ in try harbour.authority.nextEpoch() }
        try backup.write(to: URL(filePath: file))
        harbour.clock.advance(by: 60)
        #expect(try harbour.authority.nextEpoch() > since[2])
    }

    @Test("A clock before 1970 gives epochs all the same")
    func oldClock() throws {
        let scratch = try Scratch()
        let authority = try Authority.open(
            folder: scratch.file("agents"), now: HandClock(Timestamp(milliseconds: -5000)).read)
        #expect(try authority.nextEpoch() == Epoch(1))
    }

    @Test("Epochs are never given twice, however many starts there are at once")
    func epochsAtOnce() async throws {
        let harbour = try Harbour()
        let folder = harbour.scratch.file("agents")
        let epochs = try await withThrowingTaskGroup(of: [Epoch].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let authority = try Authority.open(folder: folder)
                    return try (0..<25).map { _ in try authority.nextEpoch() }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(epochs).count == 100)
        #expect(try harbour.authority.nextEpoch() > epochs.max().unwrapped())
    }

    @Test("Nobody else may read what it keeps")
    func modes() throws {
        let harbour = try Harbour()
        _ = try harbour.token(for: "micro-92")
        let files = try #require(FileManager.default.enumerator(atPath: harbour.scratch.file("agents")))
        var count = 0
        for case let name as String in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: harbour.scratch.file("agents/\(name)"))
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode & 0o077 == 0, "\(name) has mode \(String(mode, radix: 8))")
            count += 1
        }
        #expect(count >= 6)
    }

    struct Damage: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let file: String
        /// `nil` removes it.
        let content: String?
        let says: String
    }

    @Test(
        "A damaged authority is told with its remedy, and never made anew",
        arguments: [
            Damage(
                testDescription: "no key", file: "authority.pem", content: nil, says: "the authority's key is missing"),
            Damage(testDescription: "half a key", file: "authority.pem", content: "-----BEGIN", says: "is damaged"),
            Damage(testDescription: "an empty key", file: "authority.pem", content: "", says: "is damaged"),
            Damage(testDescription: "no epoch", file: "epoch", content: nil, says: "the epoch is missing"),
            Damage(testDescription: "a strange epoch", file: "epoch", content: "x\n", says: "no number of an epoch"),
        ])
    func damage(_ damage: Damage) throws {
        let harbour = try Harbour()
        _ = try harbour.authority.nextEpoch()
        let folder = harbour.scratch.file("agents")
        let path = "\(folder)/\(damage.file)"
        if let content = damage.content {
            try Data(content.utf8).write(to: URL(filePath: path))
        } else {
            try FileManager.default.removeItem(atPath: path)
        }
        let error = try #require(
            failure { () throws(LinkError) in _ = try Authority.open(folder: folder).nextEpoch() })
        #expect(error.failure == .refused)
        #expect(error.message.contains(damage.says), "\(error)")
        #expect(error.message.contains("Restore \(folder) from a backup"), "\(error)")
        #expect(error.message.contains("berth node token NODE"), "\(error)")
    }

    @Test("The key of another certificate is damage")
    func swappedKey() throws {
        let one = try Harbour()
        let other = try Harbour()
        func parts(_ harbour: Harbour) throws -> [String] {
            let text = try String(contentsOfFile: harbour.scratch.file("agents/authority.pem"), encoding: .utf8)
            let cut = try #require(text.range(of: "-----BEGIN PRIVATE KEY-----"))
            return [String(text[..<cut.lowerBound]), String(text[cut.lowerBound...])]
        }
        let mixed = try parts(one)[0] + parts(other)[1]
        try Data(mixed.utf8).write(to: URL(filePath: one.scratch.file("agents/authority.pem")))
        let folder = one.scratch.file("agents")
        let error = try #require(failure { () throws(LinkError) in _ = try Authority.open(folder: folder) })
        #expect(error.message.contains("its key is not that of its certificate"), "\(error)")
    }

    @Test("A token is one word that names its node, and is not printed by accident")
    func token() throws {
        let harbour = try Harbour()
        let token = try harbour.token(for: "micro-92")
        #expect("\(token)" == "<redacted>")
        let parts = token.reveal().split(separator: ".")
        #expect(parts.prefix(2) == ["berth1", "micro-92"])
        #expect(parts.map(\.count).suffix(2) == [43, 43])
        let kept = try FileManager.default.contentsOfDirectory(atPath: harbour.scratch.file("agents/tokens"))
        for name in kept {
            let text = try String(contentsOfFile: harbour.scratch.file("agents/tokens/\(name)"), encoding: .utf8)
            #expect(!text.contains(parts[2]), "the controller keeps the key of a token")
        }
    }

    @Test("A token lasts a moment at least and 30 days at most", arguments: [0, -5, 31 * 86_400])
    func tokenTime(seconds: Int64) throws {
        let harbour = try Harbour()
        let error = try #require(
            failure { () throws(LinkError) in
                let node: NodeName
                do { node = try NodeName("a") } catch { throw LinkError(.malformed, "") }
                _ = try harbour.authority.invite(node, for: .seconds(seconds), at: harbour.now)
            })
        #expect(error.message == "a join token lasts at least a moment and at most 30 days")
    }

    @Test("Nobody is welcome who has no certificate of ours", arguments: ["", "../epoch", "abc", "0102", "AB"])
    func strangers(serial: String) throws {
        let harbour = try Harbour()
        #expect(!harbour.authority.isWelcome(Peer(node: "micro-92", serial: serial)))
    }
}
