import Foundation
import Glibc
import Model
import Reconciler
import Testing

@testable import Workshop

@Suite("A build that means harm")
struct HostileBuildTests {
    @Test(
        "Gets no process away from its end, where it runs as another user than ourselves",
        arguments: [
            "env -i setsid NAP & NAP", "env -i setsid sh -c 'setsid sh -c \"NAP &\" &' & NAP",
            "env -i setsid unshare --user --map-root-user NAP & NAP",
        ])
    func escape(_ script: String) async throws {
        guard geteuid() == 0 else { return }
        // Only this test starts such a sleep; its number is in its command line.
        let nap = "sleep \(97_000_000 + script.utf8.count)"
        try await Bench.run { bench in
            let piece = bench.script(script.replacing("NAP", with: nap), timeoutMillis: 1500)
            let error = try await failure { () throws(HostError) in try await bench.workshop().make(piece) }
            #expect(error.message.contains("was not done within 1.5 s"))
            #expect(Processes.alive(with: nap) == [])
        }
    }

    @Test("May not fork without end, where it runs as another user than ourselves")
    func processes() async throws {
        guard geteuid() == 0 else { return }
        try await Bench.run { bench in
            let piece = bench.script("grep 'Max processes' /proc/self/limits")
            try await bench.workshop().make(piece)
            #expect(await bench.output(of: piece).last?.split(separator: " ")[2...3] == ["8192", "8192"])
        }
    }

    @Test("That forks without end is ended all the same")
    func forkBomb() async throws {
        guard geteuid() == 0 else { return }
        try await Bench.run { bench in
            // Whoever is killed makes room for another.
            let script = "ulimit -p 300; exec perl -e 'setpgrp; while (1) { fork } # 97000001'"
            let piece = bench.script(script, timeoutMillis: 1500)
            let error = try await failure { () throws(HostError) in try await bench.workshop().make(piece) }
            #expect(error.failure == .refused)
            #expect(Processes.alive(with: "97000001") == [])
        }
    }

    @Test("Leaves nothing that cannot be removed, and nothing that cannot be read, whatever its names are")
    func names() async throws {
        try await Bench.run { bench in
            let piece = bench.script(
                """
                name=$(printf 'caf\\351'); mkdir "$name"; echo x > "$name/$name"; chmod 0 "$name"
                mkdir "$TMPDIR/$name"; echo x > "$TMPDIR/$name/$name"; mkfifo pipe; ln -s /etc/shadow link
                """)
            let workshop = bench.workshop()
            try await workshop.make(piece)
            #expect(await workshop.condition(of: piece) == .ready)
            let facts = try FileManager.default.attributesOfItem(atPath: "/etc/shadow")
            #expect((facts[.posixPermissions] as? Int).map { $0 & 0o004 } == 0)
            try await workshop.discard(piece.id)
            #expect(!FileManager.default.fileExists(atPath: bench.folder(of: piece)))
        }
    }

    @Test("That failed leaves its disk free")
    func room() async throws {
        try await Bench.run { bench in
            let piece = bench.script("head -c 1000000 /dev/zero > much; exit 1")
            let workshop = bench.workshop()
            let error = try await failure { () throws(HostError) in try await workshop.make(piece) }
            #expect(error.message == "the build exited with 1")
            #expect(await workshop.condition(of: piece) == .failed(.build, message: error.message))
            #expect(!FileManager.default.fileExists(atPath: bench.tree(of: piece)))
        }
    }

    @Test("Has no folder of another build while that is still filled: a link in a file's place leads nowhere")
    func handingOver() async throws {
        guard geteuid() == 0 else { return }
        try await Bench.run { bench in
            // Deeper than is gone into: the handing over ends half way.
            let tree = bench.folder + "/tree"
            try FileManager.default.createDirectory(
                atPath: tree + String(repeating: "/d", count: FileTree.deepest + 1), withIntermediateDirectories: true)
            let user = try BuildUser(named: nil, for: "test")
            #expect(throws: HostError.self) { try FileTree(path: tree, operation: "test").handOver(to: user) }
            for folder in [tree, tree + "/d"] {
                let owner = try FileManager.default.attributesOfItem(atPath: folder)[.ownerAccountID]
                #expect(owner as? Int == 0, "\(folder)")
            }
        }
    }
}
