import Foundation
import Model
import Reconciler
import TestSupport
import Testing

@testable import Docker

/// The files of names themselves, without an engine.
@Suite struct HostsTests {
    /// Runs `body` with an engine that is not there and a folder for its names.
    private func withNames(_ body: (DockerEngine, String) async throws -> Void) async throws {
        let root = "/tmp/berth-names-\(UInt64.random(in: 0 ... .max))"
        let engine = DockerEngine(
            socket: "/run/absent.sock", installation: InstallationID("me"), key: Bench.key, namesRoot: root)
        defer { MountTests.remove(root) }
        do {
            try await body(engine, root)
        } catch {
            await engine.shutdown()
            throw error
        }
        await engine.shutdown()
    }

    private func names(
        _ services: [String] = ["user", "payment"], at address: String = "10.210.0.1", in sandbox: String = "qa-login"
    ) throws -> SandboxNames {
        SandboxNames(
            sandbox: try SandboxName(sandbox), address: address,
            services: Set(try services.map { try ServiceName($0) }))
    }

    private func inode(_ path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber]
        return try #require(value as? Int)
    }

    private func overwrite(_ path: String, _ text: String) throws {
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    @Test func `names are lines of a hosts file, sorted, for everybody to read`() async throws {
        try await withNames { engine, root in
            try await engine.setNames(try names())
            let path = root + "/qa-login/hosts"
            let text = """
                # Berth writes this file: sandbox qa-login reaches these services at 10.210.0.1
                127.0.0.1 localhost
                ::1 localhost ip6-localhost
                10.210.0.1 payment
                10.210.0.1 user

                """
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
            for (path, mode) in [(path, 0o644), (root + "/qa-login", 0o755), (root, 0o755)] {
                let found = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(found == mode, "\(path)")
            }
        }
    }

    @Test func `other names come into the same file, and are observed`() async throws {
        try await withNames { engine, root in
            let path = root + "/qa-login/hosts"
            var random = SplitMix64(seed: 4)
            try await engine.setNames(try names())
            let first = try inode(path)
            for _ in 1...20 {
                let next = try anyNames(&random)
                for _ in 1...2 { try await engine.setNames(next) }
                #expect(engine.names(of: next.sandbox) == [next.sandbox: next])
                #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix("\n\n") == false)
            }
            #expect(try inode(path) == first)
        }
    }

    @Test func `after each step of a change the file says the old names or the new ones`() throws {
        var random = SplitMix64(seed: 11)
        for _ in 1...200 {
            let (old, new) = (try anyNames(&random), try anyNames(&random))
            var file = HostsText.write(old)
            let text = HostsText.write(new)
            for step in HostsText.steps(to: text, over: file.count) {
                #expect(step.offset + step.bytes.count >= file.count)
                let isLonger = step.offset + step.bytes.count > file.count
                #expect(!isLonger || step.bytes.allSatisfy { $0 == UInt8(ascii: "\n") }, "what grows it says nothing")
                file.replaceSubrange(step.offset..<file.count, with: step.bytes)
                let seen = HostsText.read(file, of: old.sandbox)
                #expect(seen == old || seen == new)
            }
            #expect(Array(file.prefix(text.count)) == text)
        }
    }

    private func anyNames(_ random: inout SplitMix64) throws -> SandboxNames {
        let services = (0..<Int.random(in: 0...40, using: &random)).map { "service-\($0)" }
        return try names(services, at: "10.210.0.\(Int.random(in: 1...254, using: &random))")
    }

    enum Damage: CaseIterable {
        case line, emptied, otherSandbox, closed, replaced, removed, bytes, huge, link
    }

    @Test(arguments: Damage.allCases)
    func `a damaged file is seen to differ, and is the file of the running containers again`(damage: Damage)
        async throws
    {
        try await withNames { engine, root in
            let wanted = try names()
            try await engine.setNames(wanted)
            let path = root + "/qa-login/hosts"
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            let first = try inode(path)
            switch damage {
            case .line: try overwrite(path, whole + "10.0.0.1 account extra\n")
            case .emptied: try overwrite(path, "")
            case .otherSandbox: try overwrite(path, whole.replacing("qa-login", with: "qa-cron"))
            case .closed: #expect(chmod(path, 0o600) == 0)
            case .replaced: try whole.write(toFile: path, atomically: true, encoding: .utf8)
            case .removed: #expect(unlink(path) == 0)
            case .bytes: try overwrite(path, "\u{0}\u{7f}nonsense")
            case .huge: try overwrite(path, String(repeating: "# x\n", count: 1 << 20))
            case .link: #expect(unlink(path) == 0 && symlink("/etc/hosts", path) == 0)
            }
            let seen = try #require(engine.names(of: nil)[wanted.sandbox])
            #expect(seen != wanted)
            try await engine.setNames(wanted)
            #expect(engine.names(of: nil) == [wanted.sandbox: wanted])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)
            #expect(try inode(path) == first)
        }
    }

    @Test func `what a kill leaves behind is made good`() async throws {
        try await withNames { engine, root in
            let wanted = try names()
            let folder = root + "/qa-login"
            // Killed before it had its name, and before the old text's length was cut.
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(FileManager.default.createFile(atPath: folder + "/.hosts.new", contents: Data("half".utf8)))
            #expect(engine.names(of: nil).isEmpty)
            try await engine.setNames(wanted)
            let whole = try String(contentsOfFile: folder + "/hosts", encoding: .utf8)
            try overwrite(folder + "/hosts", whole + "\n\n\n\n")
            #expect(engine.names(of: nil) == [wanted.sandbox: wanted])
            // Killed between its two names.
            #expect(unlink(folder + "/hosts") == 0)
            #expect(engine.names(of: wanted.sandbox)[wanted.sandbox] != wanted)
            try await engine.setNames(wanted)
            #expect(engine.names(of: wanted.sandbox) == [wanted.sandbox: wanted])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [".hosts.kept", "hosts"])
        }
    }

    @Test func `names are removed with their folder, once or twice, and a stranger's file stays`() async throws {
        try await withNames { engine, root in
            let first = try names()
            let second = try names(in: "qa-cron")
            for wanted in [first, second] { try await engine.setNames(wanted) }
            #expect(FileManager.default.createFile(atPath: root + "/qa-cron/mine", contents: nil))
            #expect(engine.names(of: nil) == [first.sandbox: first, second.sandbox: second])
            #expect(engine.names(of: first.sandbox) == [first.sandbox: first])
            for _ in 1...2 {
                try await engine.removeNames(first.sandbox)
                try await engine.removeNames(second.sandbox)
            }
            #expect(engine.names(of: nil).isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: root) == ["qa-cron"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/qa-cron") == ["mine"])
        }
    }

    @Test func `what is no address, too much or nowhere to write is refused`() async throws {
        try await withNames { engine, root in
            let noAddress = try await failure { try await engine.setNames(try names(at: "10.0.0.1 evil\n#")) }
            #expect(noAddress.failure == .refused)
            #expect(noAddress.description.hasSuffix("is no IPv4 address"))
            let many = try names((0..<9000).map { "service-\($0)" })
            let tooMuch = try await failure { try await engine.setNames(many) }
            #expect(tooMuch.description == "set names inside qa-login: 9000 names are more than 128 KiB")
            #expect(engine.names(of: nil).isEmpty)
            MountTests.remove(root)
            #expect(FileManager.default.createFile(atPath: root, contents: nil))
            let nowhere = try await failure { try await engine.setNames(try names()) }
            #expect(nowhere.failure == .refused)
            #expect(nowhere.message.contains("Not a directory"), "\(nowhere)")
        }
    }
}
