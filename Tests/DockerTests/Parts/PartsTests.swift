import Foundation
import Model
import Reconciler
import Testing

@testable import Docker

@Suite struct PartsTests {
    @Test func `an archive is one that tar reads`() throws {
        var archive = Archive()
        let long = "/" + String(repeating: "d", count: 90) + "/" + String(repeating: "f", count: 90)
        try archive.add("/etc/app/a.txt", Array("hello".utf8), mode: 0o440)
        try archive.add(long, [UInt8](repeating: 65, count: 512), mode: 0o600)
        let file = URL(filePath: "/tmp/berth-archive-\(UInt64.random(in: 0 ... .max)).tar")
        try Data(archive.closed()).write(to: file)
        defer { unlink(file.path) }
        let tar = Process()
        let output = Pipe()
        tar.executableURL = URL(filePath: "/bin/tar")
        tar.arguments = ["--numeric-owner", "-tvf", file.path]
        tar.standardOutput = output
        try tar.run()
        let listing = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        let lines = listing.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(lines.map { "\($0[0]) \($0[1]) \($0[2])" } == ["-r--r----- 0/0 5", "-rw------- 0/0 512"])
        #expect(lines.map(\.last) == ["etc/app/a.txt", long.dropFirst()])
    }

    @Test(arguments: [
        ("relative", Archive.Problem.notAbsolute), ("/a/../b", .hasDots), ("/folder/", .hasDots), ("/", .hasDots),
        ("/" + String(repeating: "x", count: 101), .tooLong),
        ("/" + String(repeating: "x", count: 160) + "/f", .tooLong),
    ])
    func `a path that an archive cannot hold is refused`(path: String, problem: Archive.Problem) {
        var archive = Archive()
        #expect(throws: problem) { try archive.add(path, [], mode: 0o644) }
    }

    @Test func `log frames are put together, and a cut one is shown as far as it goes`() {
        func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
            [stream, 0, 0, 0, 0, 0, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
        }
        let long = String(repeating: "y", count: 300) + "\n"
        let bytes = frame(1, "out\n") + frame(2, "err\n") + frame(1, long)
        #expect(String(decoding: LogFrames.text(of: bytes), as: UTF8.self) == "out\nerr\n" + long)
        #expect(String(decoding: LogFrames.text(of: bytes.dropLast(299)), as: UTF8.self) == "out\nerr\nyy")
        #expect(LogFrames.text(of: [1, 0, 0]).isEmpty)
        #expect(LogFrames.end(of: Array("one\ntwo\nthree\n".utf8), 9) == "three")
        #expect(LogFrames.end(of: Array("ééé".utf8), 3) == "é")
    }

    @Test func `listening ports are those in state 0A`() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue
               0: 00000000:1F90 00000000:0000 0A 00000000:00000000
               1: 0100007F:0050 0100007F:9999 01 00000000:00000000
               2: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0
            nonsense
            """
        #expect(ListeningPorts.parse(table) == [8080, 443])
    }

    @Test(
        arguments: [
            ("1.41", "1.12", "/v1.41"), ("1.52", "1.24", "/v1.41"), ("1.52", "1.44", "/v1.44"), ("1.40", nil, "/v1.40"),
        ] as [(String, String?, String)])
    func `the version is ours, or the nearest that the engine speaks`(newest: String, oldest: String?, path: String)
        throws
    {
        #expect(try AgreedVersion.choose(newest: newest, oldest: oldest, for: "ask") == path)
    }

    @Test func `DOCKER_HOST names a unix socket or is refused with the remedy`() throws {
        #expect(try DockerEngine.socketPath(fromDockerHost: nil) == "/var/run/docker.sock")
        #expect(try DockerEngine.socketPath(fromDockerHost: "unix:///run/x.sock") == "/run/x.sock")
        let error = #expect(throws: HostError.self) {
            try DockerEngine.socketPath(fromDockerHost: "tcp://10.0.0.1:2375")
        }
        #expect(
            error?.description
                == "find the engine: DOCKER_HOST is tcp://10.0.0.1:2375, and Berth speaks to an engine only by its "
                + "unix socket: set DOCKER_HOST=unix:///var/run/docker.sock, or unset it")
    }

    @Test(
        arguments: [
            ([:], Ownership.foreign),
            (["berth.owner": "other"], .theirs(InstallationID("other"))),
            (["berth.owner": "me", "berth.sandbox": "qa", "berth.service": "web"], .foreign),
            (["berth.owner": "me", "berth.sandbox": "NOT A SLUG", "berth.service": "web", "berth.uid": "u"], .foreign),
            (["berth.owner": "me", "berth.sandbox": "qa", "berth.uid": "u"], .foreign),
        ] as [([String: String], Ownership)])
    func `what our labels do not say is not ours`(written: [String: String], ownership: Ownership) {
        #expect(Labels(installation: InstallationID("me")).ownership(written, of: .container) == ownership)
    }

    @Test(
        arguments: [
            ("container", "die", "account died (exit 137)"), ("container", "oom", "account ran out of memory"),
            ("container", "health_status: unhealthy", "account is unhealthy"),
            ("container", "destroy", "account was removed"),
            ("container", "kill", nil), ("container", "health_status: healthy", nil), ("container", "exec_start", nil),
            ("network", "disconnect", "network lost a container"), ("network", "connect", nil),
            ("volume", "create", nil),
        ] as [(String, String, String?)])
    func `an event becomes a hint with its cause`(type: String, action: String, what: String?) throws {
        let attributes = [
            "berth.owner": "me", "berth.sandbox": "qa", "berth.service": "account", "berth.uid": "u", "exitCode": "137",
            "name": "sandbox-qa",
        ]
        let event = EngineEvent(type: type, action: action, actor: .init(attributes: attributes))
        let meaning = EventReader(labels: Labels(installation: InstallationID("me"))).meaning(of: event)
        #expect(meaning == (try what.map { .hint(.sandbox(try SandboxName("qa"), what: $0)) }))
        let foreign = EventReader(labels: Labels(installation: InstallationID("else"))).meaning(of: event)
        #expect(type == "network" || foreign == nil)
    }

    @Test(arguments: ["load", "tag", "untag", "delete", "pull", "import"])
    func `images that come or go are a reason to look, whose ever they are`(action: String) {
        let event = EngineEvent(type: "image", action: action, actor: nil)
        #expect(EventReader(labels: Labels(installation: InstallationID("me"))).meaning(of: event) == .images)
    }
}
