internal import Foundation
internal import Glibc

/// Everything that was measured, as it goes into a file for programs.
struct Report: Sendable, Codable {
    let machine: Machine
    let options: Options
    var floors: Floors?
    var frame: FrameCost?
    var memory = Memory()
    var rest = Rest()
    /// Milliseconds of each.
    var join: [Double] = []
    var start = Gathering()
    var looks = Looks()
    var orders = Orders()
    /// From the end of the controller until the next one listened, in seconds.
    var outage = 0.0
    var reunion = Gathering()
    var seconds = 0.0

    init(machine: Machine, options: Options) {
        self.machine = machine
        self.options = options
    }

    /// Of the controller, resident, in MiB.
    struct Memory: Sendable, Codable {
        var before = 0.0
        var seen = 0.0
        var most = 0.0
        var after = 0.0
        /// Of all agents.
        var agents = 0.0
    }

    /// The controller's processor time, in percent of one core.
    struct Rest: Sendable, Codable {
        var empty = 0.0
        var beats = 0.0
        var looks = 0.0
    }

    /// Of all nodes, in milliseconds.
    struct Looks: Sendable, Codable {
        var same = Figure([])
        var new = Figure([])
    }

    /// From the call to its answer, in milliseconds.
    struct Orders: Sendable, Codable {
        var durable = Spread()
        var volatile = Spread()
        var everywhere = Spread()
        var allOfThem = 0.0
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(filePath: path))
    }
}

/// How soon many agents were there, in seconds.
struct Gathering: Sendable, Codable {
    var connected = 0.0
    var seen = 0.0
    /// Looks that found the agent gone again.
    var failed = 0

    init() {}

    init(_ figures: [Double]) {
        guard figures.count == 3 else { return }
        (connected, seen, failed) = (figures[0], figures[1], Int(figures[2]))
    }
}

/// What the figures were taken on.
struct Machine: Sendable, Codable {
    let date: String
    let cores: Int
    let processor: String
    let memoryGiB: Double
    let kernel: String
    /// Processes that wanted to run, averaged over the minute before.
    let loadBefore: Double

    static let now = Machine()

    private init() {
        date = Date.now.formatted(.iso8601)
        cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let processor = Processes.text(of: "/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
        self.processor = processor.map { $0.drop { $0 != ":" }.dropFirst(2) }.map(String.init) ?? "unknown"
        memoryGiB = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE))) / Double(1 << 30)
        kernel = Processes.text(of: "/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines)
        loadBefore = Double(Processes.text(of: "/proc/loadavg").split(separator: " ").first ?? "") ?? 0
    }

    /// Whether others were at work, which makes the figures worse than they are.
    var isBusy: Bool { loadBefore > 0.5 }
}

/// Where people read.
enum Output {
    static func say(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }
}
