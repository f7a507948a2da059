internal import Foundation
internal import Testing

/// An authority of one test, and what it signs; made by openssl.
struct Certificates {
    let folder: String
    var authority: String { "\(folder)/ca.pem" }

    init(in folder: String, named name: String = "ca") throws {
        self.folder = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        try Self.run(
            "/usr/bin/openssl",
            Self.request + ["-x509", "-keyout", "\(self.folder)/ca.key", "-out", authority, "-subj", "/CN=\(name)"])
    }

    /// Certificate and key in one file.
    func certificate(of host: String) throws -> String {
        let (key, certificate, both) = ("\(folder)/\(host).key", "\(folder)/\(host).crt", "\(folder)/\(host).pem")
        try Self.run(
            "/usr/bin/openssl",
            Self.request + [
                "-x509", "-CA", authority, "-CAkey", "\(folder)/ca.key", "-keyout", key, "-out", certificate,
                "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)",
                "-addext", "basicConstraints=critical,CA:FALSE",
            ])
        let text =
            try String(contentsOfFile: certificate, encoding: .utf8) + String(contentsOfFile: key, encoding: .utf8)
        try Data(text.utf8).write(to: URL(filePath: both))
        return both
    }

    private static let request = [
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    ]

    @discardableResult
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let words = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) \(arguments)")
        return String(decoding: words, as: UTF8.self)
    }
}

/// A server that says which name was asked for in TLS, the host, and the version of HTTP. It is a proxy of its own.
final class EncryptedTarget {
    let port: UInt16
    private let process = Process()

    init(_ certificate: String, in folder: String) async throws {
        port = FreePorts.one()
        let text = """
            global
                log stderr format raw local0
            defaults
                mode http
                timeout client 30s
            frontend target
                bind 127.0.0.1:\(port) ssl crt \(certificate) alpn h2,http/1.1
                http-request return status 200 content-type text/plain lf-string "%[ssl_fc_sni] %[req.hdr(host)] %[req.ver]\\n"

            """
        let file = "\(folder)/target-\(port).cfg"
        try Data(text.utf8).write(to: URL(filePath: file))
        process.executableURL = URL(filePath: "/usr/sbin/haproxy")
        process.arguments = ["-db", "-f", file]
        process.standardError = FileHandle.nullDevice
        try process.run()
        let (port, isUp) = (port, { (port: UInt16) in Wire(to: port) != nil })
        try #require(try await eventually { isUp(port) }, "the encrypted target does not start")
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
