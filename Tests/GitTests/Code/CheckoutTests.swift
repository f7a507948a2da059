import Foundation
import Git
import Glibc
import Model
import Reconciler
import Testing

@Suite struct CheckoutTests {
    @Test func filesAreWhatTheRealGitWritesAndNothingIsConverted() async throws {
        try await Scratch.with { scratch in
            try scratch.workTree()
            try scratch.shell(
                """
                cd work
                mkdir -p deep/er
                printf 'one\\r\\ntwo\\n$Id$\\n' > deep/text.txt
                printf '*.txt text eol=crlf ident\\n' > .gitattributes
                printf '#!/bin/sh\\n' > deep/er/run; chmod 755 deep/er/run
                head -c 300000 /dev/urandom > large
                ln -s deep/text.txt link; ln -s /etc/passwd outside; ln -s ../../.. up; ln -s nowhere dangling
                printf 'x' > 'odd name: ü*?'
                git -c core.autocrlf=false -c user.name=A -c user.email=a@b add . 2>/dev/null
                git -c user.name=A -c user.email=a@b commit -q -m All 2>/dev/null
                """)
            let host = scratch.codeHost(), commit = try #require(CommitID(scratch.git("rev-parse", "HEAD", in: "work")))
            try await host.fetch(scratch.folder("work"), credential: nil, into: scratch.mirror)
            let mask = umask(0o077)
            defer { umask(mask) }
            try await host.checkout(commit, from: scratch.mirror, into: scratch["tree"])

            let entries = try await host.tree(at: commit, in: scratch.mirror)
            #expect(
                entries.map(\.path) == [
                    ".gitattributes", "a.yaml", "dangling", "deep/er/run", "deep/text.txt", "large", "link",
                    "odd name: ü*?", "outside", "up",
                ])
            #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch["tree"]).count == entries.count + 2)
            for entry in entries {
                let path = scratch["tree/\(entry.path)"], blob = try await host.blob(entry.blob, in: scratch.mirror)
                #expect(blob.count == entry.size)
                let mode = try #require(
                    FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
                switch entry.kind {
                case .symlink:
                    let target = try FileManager.default.destinationOfSymbolicLink(atPath: path)
                    #expect(Array(target.utf8) == blob)
                case .executable: #expect(mode == 0o755, "\(entry.path)")
                case .file: #expect(mode == 0o644, "\(entry.path)")
                case .submodule: Issue.record("there is none")
                }
                if entry.kind != .symlink { #expect(try Array(Data(contentsOf: URL(filePath: path))) == blob) }
            }
            #expect(entries.first { $0.path == "deep/er/run" }?.kind == .executable)
            for folder in ["tree", "tree/deep", "tree/deep/er"] {
                let mode = try FileManager.default.attributesOfItem(atPath: scratch[folder])[.posixPermissions]
                #expect(mode as? Int == 0o755, "\(folder)")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(scratch.mirror)/index"))
        }
    }

    @Test("A mirror of which HEAD leads nowhere, and a submodule, are no hindrance")
    func submodule() async throws {
        try await Scratch.with { scratch in
            let first = try scratch.repository(files: ["a": "1"])
            let tree = try scratch.shell(
                "printf '160000 commit \(first.text)\\tsub\\n100644 blob %s\\ta\\n' "
                    + "$(git -C repo.git rev-parse main:a) | git -C repo.git mktree --missing")
            let commit = try #require(CommitID(scratch.git("commit-tree", "-m", "Sub", tree)))
            try scratch.git("update-ref", "refs/heads/other", commit.text)
            try scratch.git("symbolic-ref", "HEAD", "refs/heads/none")
            let host = scratch.codeHost()
            try await host.checkout(commit, from: scratch["repo.git"], into: scratch["tree"])
            #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch["tree"]).sorted() == ["a", "sub"])
            let kinds = try await host.tree(at: commit, in: scratch["repo.git"]).map(\.kind)
            #expect(kinds == [.file, .submodule])
        }
    }

    /// Trees as no git of ours makes them, written byte by byte.
    @Test(
        "A tree that would lead out of its folder is refused, and writes nothing",
        arguments: ["..", ".", ".git", ".GIT", "a/b", "../../escape", "/tmp/berth-escape"])
    func malicious(name: String) async throws {
        try await Scratch.with { scratch in
            try scratch.repository(files: ["a": "1"])
            let commit = try scratch.commit(ofTreeWith: name, scratch.shell("git -C repo.git rev-parse main:a"))
            let host = scratch.codeHost()
            try FileManager.default.createDirectory(atPath: scratch["in/tree"], withIntermediateDirectories: true)
            let error = await failure {
                try await host.checkout(commit, from: scratch["repo.git"], into: scratch["in/tree"])
            }
            #expect(error?.failure == .refused, "\(error.map { "\($0)" } ?? "")")
            let reading = await failure { _ = try await host.tree(at: commit, in: scratch["repo.git"]) }
            #expect(reading?.failure == .refused)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch["in"]) == ["tree"])
            #expect(!FileManager.default.fileExists(atPath: "/tmp/berth-escape"))
        }
    }

    @Test func aLinkIsNotFollowedByWhatIsWrittenAfterIt() async throws {
        try await Scratch.with { scratch in
            try scratch.repository(files: ["a": "1"])
            try FileManager.default.createDirectory(atPath: scratch["victim"], withIntermediateDirectories: true)
            // A link and a folder of one name: the folder's file would go where the link leads.
            let link = try scratch.shell("printf %s '\(scratch["victim"])' | git -C repo.git hash-object -w --stdin")
            let blob = try scratch.shell("git -C repo.git rev-parse main:a")
            let below = try scratch.shell("printf '100644 blob \(blob)\\tpwned\\n' | git -C repo.git mktree")
            let commit = try scratch.commit(ofRaw: [("120000", "x", link), ("40000", "x", below)])
            _ = await failure {
                try await scratch.codeHost().checkout(commit, from: scratch["repo.git"], into: scratch["tree"])
            }
            #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch["victim"]) == [])
        }
    }

    @Test func aTreeThatGrowsWithoutEndIsRefused() async throws {
        try await Scratch.with { scratch in
            try scratch.repository(files: ["a": "1"])
            let tree = try scratch.shell(
                """
                tree=$(git -C repo.git rev-parse 'main^{tree}')
                for depth in 1 2 3 4 5 6 7 8 9 10; do
                    tree=$(for n in 0 1 2 3 4 5 6 7 8 9; do printf "040000 tree $tree\\t$n\\n"; done | git -C repo.git mktree)
                done
                echo $tree
                """)
            let commit = try #require(CommitID(scratch.git("commit-tree", "-m", "Bomb", tree)))
            let error = await failure {
                try await scratch.codeHost().checkout(commit, from: scratch["repo.git"], into: scratch["tree"])
            }
            #expect(error?.failure == .refused)
            #expect(error?.message == "it has more than 200000 entries")
        }
    }

    @Test(arguments: [(17, 1), (15, 40_000)])
    func aTreeOfPathsThatWouldFillTheMemoryIsRefused(depth: Int, files: Int) async throws {
        try await Scratch.with { scratch in
            try scratch.repository(files: ["a": "1"])
            let tree = try scratch.shell(
                """
                name=$(printf '%0250d' 1)
                blob=$(git -C repo.git rev-parse main:a)
                tree=$(seq \(files) | sed "s/.*/100644 blob $blob\\tfile-with-a-name-&/" | git -C repo.git mktree)
                for depth in $(seq \(depth)); do
                    tree=$(printf "040000 tree $tree\\t$name\\n" | git -C repo.git mktree)
                done
                echo $tree
                """)
            let commit = try #require(CommitID(scratch.git("commit-tree", "-m", "Bomb", tree)))
            let error = await failure { _ = try await scratch.codeHost().tree(at: commit, in: scratch["repo.git"]) }
            #expect(error?.message == "it has a path of more than 4095 bytes, or more than 64 MiB of paths")
        }
    }

    @Test func whatIsThereAlreadyIsNotWrittenOver() async throws {
        try await Scratch.with { scratch in
            let commit = try scratch.repository()
            let host = scratch.codeHost()
            try await host.checkout(commit, from: scratch["repo.git"], into: scratch["tree"])
            let error = await failure {
                try await host.checkout(commit, from: scratch["repo.git"], into: scratch["tree"])
            }
            #expect(error == SourceError("check out \(commit.short)", .refused, "\(scratch["tree"]) is not empty"))
            let unknown = try #require(CommitID(String(repeating: "1", count: 40)))
            let missing = await failure {
                try await host.checkout(unknown, from: scratch["repo.git"], into: scratch["other"])
            }
            #expect(missing?.failure == .missing)
            #expect(await host.contains(unknown, in: scratch["repo.git"]) == false)
            #expect(await host.contains(commit, in: scratch["nowhere"]) == false)
        }
    }

    @Test func aFullDiskIsSaidToBeFullAndMayBeTriedAgain() async throws {
        try await Scratch.with { scratch in
            let commit = try scratch.repository(files: ["large": String(repeating: "x", count: 1 << 20)])
            try FileManager.default.createDirectory(atPath: scratch["disk"], withIntermediateDirectories: true)
            try scratch.mount("-t", "tmpfs", "-o", "size=256k,mode=777", "berth-test", scratch["disk"])
            defer { scratch.unmount(scratch["disk"]) }
            let host = scratch.codeHost()
            let checkout = await failure {
                try await host.checkout(commit, from: scratch["repo.git"], into: scratch["disk/tree"])
            }
            #expect(checkout?.failure == .unreachable)
            #expect(checkout?.message.hasPrefix("the disk is full: ") == true, "\(checkout?.message ?? "")")
            let noise = try scratch.shell("head -c 900000 /dev/urandom | git -C repo.git hash-object -w --stdin")
            let tree = try scratch.shell("printf '100644 blob \(noise)\\tnoise\\n' | git -C repo.git mktree")
            try scratch.git("update-ref", "refs/heads/main", scratch.git("commit-tree", "-m", "Noise", tree))
            let fetch = await failure {
                try await host.fetch(scratch.folder(), credential: nil, into: scratch["disk/mirror.git"])
            }
            #expect(fetch?.failure == .unreachable)
            #expect(fetch?.message.hasPrefix("the disk is full: ") == true, "\(fetch?.message ?? "")")
        }
    }

    @Test func whoGivesUpACheckoutTakesItsProcessWithIt() async throws {
        try await Scratch.with { scratch in
            let stubborn = FetchCommand(
                executable: "/bin/sh",
                arguments: ["-c", "trap '' TERM; touch \"$0.begun\"; while :; do read -r x </dev/zero; done"])
            try FileManager.default.createDirectory(atPath: scratch["data"], withIntermediateDirectories: true)
            let host = scratch.codeHost(fetch: stubborn), commit = try scratch.repository()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = await failure {
                        try await host.checkout(commit, from: scratch.mirror, into: scratch["tree"])
                    }
                }
                try await eventually("it never began") {
                    FileManager.default.fileExists(atPath: "\(scratch.mirror).begun")
                }
                group.cancelAll()
            }
            #expect(try processes(naming: scratch.mirror) == [])
        }
    }
}

extension Scratch {
    /// A commit of a tree with one file of any name.
    fileprivate func commit(ofTreeWith name: String, _ blob: String) throws -> CommitID {
        try commit(ofRaw: [("100644", name, blob)])
    }

    fileprivate func commit(ofRaw entries: [(mode: String, name: String, id: String)]) throws -> CommitID {
        var bytes = Data()
        for entry in entries {
            bytes += Data("\(entry.mode) \(entry.name)\0".utf8)
            let digits = Array(entry.id)
            bytes += stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16)
            }
        }
        try bytes.write(to: URL(filePath: self["raw"]))
        let tree = try git("hash-object", "-t", "tree", "-w", "--literally", self["raw"])
        // The real git would not make it a commit's.
        let text = "tree \(tree)\nauthor A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\n\nRaw\n"
        try Data(text.utf8).write(to: URL(filePath: self["raw"]))
        return try #require(CommitID(git("hash-object", "-t", "commit", "-w", "--literally", self["raw"])))
    }

    fileprivate func mount(_ arguments: String...) throws {
        try run((geteuid() == 0 ? ["/usr/bin/mount"] : ["/usr/bin/sudo", "-n", "mount"]) + arguments)
    }

    fileprivate func unmount(_ disk: String) {
        do {
            try run((geteuid() == 0 ? ["/usr/bin/umount"] : ["/usr/bin/sudo", "-n", "umount"]) + ["--lazy", disk])
        } catch {
            Issue.record(error)
        }
    }
}
