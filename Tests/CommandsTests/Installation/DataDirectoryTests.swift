import Commands
import Foundation
import Testing

@Suite("The data directory: who may see what")
struct DataDirectoryTests {
    @Test("Others can go through it to the sources, and see nothing else of it")
    func modes() throws {
        try withFolder { folder in
            let path = folder + "/data"
            try DataDirectory(path).prepare()
            #expect(try mode(path) == 0o711)
            #expect(try mode(path + "/sources") == 0o711)
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            #expect(
                Set(names) == [
                    "berth.sqlite", "configfile", "gateway", "logs", "mirror.git", "names", "secrets", "sources",
                ])
            for name in names where name != "sources" {
                #expect(try mode(path + "/" + name) & 0o077 == 0, "\(name)")
            }
            #expect(try mode(path + "/logs/pieces") == 0o700)
        }
    }

    @Test("One of an earlier version, closed as a whole, is opened no further than that")
    func earlier() throws {
        try withFolder { folder in
            let path = folder + "/data"
            for name in ["", "/mirror.git", "/gateway", "/secrets", "/logs"] {
                try FileManager.default.createDirectory(
                    atPath: path + name, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: name.isEmpty ? 0o700 : 0o755])
            }
            let files = ["/berth.sqlite", "/berth.sqlite-wal", "/berth.sqlite-shm", "/nudge", "/lock"]
            for name in files {
                #expect(
                    FileManager.default.createFile(
                        atPath: path + name, contents: Data("x".utf8), attributes: [.posixPermissions: 0o644]))
            }
            for _ in 0..<2 { try DataDirectory(path).prepare() }
            #expect(try mode(path) == 0o711)
            for name in try FileManager.default.contentsOfDirectory(atPath: path) where name != "sources" {
                #expect(try mode(path + "/" + name) & 0o077 == 0, "\(name)")
            }
            for name in files { #expect(FileManager.default.contents(atPath: path + name) == Data("x".utf8)) }
        }
    }

    @Test("A folder of the operator's that lets more people in stays as open as it is")
    func wider() throws {
        try withFolder { folder in
            try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: folder)
            try DataDirectory(folder).prepare()
            #expect(try mode(folder) == 0o751)
        }
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
    }

    private func withFolder(_ body: (_ path: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-data-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { _ = try? FileManager.default.removeItem(at: folder) }  // SAFE: swept by the system
        try body(folder.path(percentEncoded: false))
    }
}
