internal import Foundation
internal import Glibc

/// What the figures were taken on.
struct Machine: Sendable, Codable {
    let date: String
    let cores: Int
    let processor: String
    let memoryGiB: Double
    let kernel: String
    /// Processes that wanted to run, averaged over the minute before.
    let loadBefore: Double
    let versions: [String: String]

    static let now = Machine()

    private init() {
        date = Date.now.formatted(.iso8601)
        cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let processor = Processes.text(of: "/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
        self.processor = processor.map { $0.drop { $0 != ":" }.dropFirst(2) }.map(String.init) ?? "unknown"
        memoryGiB = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE))) / Double(1 << 30)
        kernel = Processes.text(of: "/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines)
        loadBefore = Double(Processes.text(of: "/proc/loadavg").split(separator: " ").first ?? "") ?? 0
        versions = [
            "haproxy": Self.version(of: PlainProxy.executable, "-v"), "nginx": Self.version(of: Nginx.executable, "-v"),
            "caddy": Self.version(of: Caddy.executable, "version"),
        ]
    }

    /// Whether others were at work, which makes the figures worse than the gateways are.
    var isBusy: Bool { loadBefore > 0.5 }

    private static func version(of executable: String, _ argument: String) -> String {
        guard access(executable, X_OK) == 0 else { return "not installed" }
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: executable)
        process.arguments = [argument]
        process.standardOutput = pipe
        process.standardError = pipe
        do { try process.run() } catch { return "does not run: \(error)" }
        let words = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let number = words.firstMatch(of: /[0-9]+\.[0-9]+\.[0-9]+/).map { String($0.0) }
        return number ?? String(words.prefix(40))
    }
}
