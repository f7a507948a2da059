import Foundation
import Model
import Reconciler
import SQLiteJournal
import Testing

@Suite("A disk that is full")
struct FullDiskTests {
    @Test("Says so, keeps what it has, and goes on by itself when there is space again")
    func recovers() async throws {
        try await withSmallDisk { disk in
            let journal = try SQLiteJournal(path: disk + "/berth.sqlite")
            try await journal.append(Sample.event(1))
            let ballast = disk + "/ballast"
            try fill(ballast)

            var told: Int64 = 1
            var refused: JournalError?
            // 512 KiB hold fewer than a thousand events, whatever SQLite has set aside.
            for number in 2...1000 where refused == nil {
                do throws(JournalError) {
                    try await journal.append(Sample.event(number))
                    told += 1
                } catch {
                    refused = error
                }
            }
            #expect(refused?.failure == .unavailable)
            #expect(refused?.message == "the disk is full; free some space, and it goes on by itself")
            #expect(try await journal.events(after: 0, sandbox: nil, limit: 1).first?.id == told)

            try FileManager.default.removeItem(atPath: ballast)
            try await journal.append(Sample.event(0))
            #expect(try await journal.events(after: 0, sandbox: nil, limit: 1).first?.id == told + 1)
        }
    }

    /// Writes until nothing fits any more.
    private func fill(_ path: String) throws {
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? file.close() }  // SAFE: what it holds means nothing
        let page = Data(repeating: 0x20, count: 4096)
        for _ in 0..<128 {
            do { try file.write(contentsOf: page) } catch { return }
        }
    }

    /// A file system of 512 KiB in memory, gone with the test.
    private func withSmallDisk(_ body: (_ disk: String) async throws -> Void) async throws {
        try await withFolder { folder in
            let disk = folder + "/disk"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
            try #require(
                run("mount", "-t", "tmpfs", "-o", "size=512k,mode=777", "berth-test", disk) == 0,
                "a small disk cannot be mounted; run the tests as root, or let sudo work without a password")
            defer {
                let status = run("umount", "--lazy", disk)
                #expect(status == 0)
            }
            try await body(disk)
        }
    }

    private func run(_ command: String...) -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = (geteuid() == 0 ? [] : ["sudo", "-n"]) + command
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
