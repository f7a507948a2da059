internal import Foundation

/// Everything that was measured, as it goes into a file for programs.
struct Report: Sendable, Codable {
    let machine: Machine
    let routes: Int
    let connections: Int
    let amount: Contest.Amount
    var contests: [Contest.Result] = []
    var fullMaps: [FullMap.Result] = []
    var law: LawCost.Result?
    /// Why something was not measured.
    var gaps: [String] = []
    var budgets: [Budget] = []
    var seconds = 0.0

    struct Budget: Sendable, Codable {
        let title: String
        let measured: String
        let isMet: Bool
    }

    /// Puts what our gateway did beside what it must do.
    mutating func judge() {
        guard let ours = contests.first else { return }
        let streams = ours.streams
        let isWhole = ours.end == nil
        let loadedFlips = ours.loaded.flips
        budgets = [
            Budget(
                title: "flip p95 at most 5 ms idle", measured: "\(ours.idle.p95OfAll.short) ms",
                isMet: isWhole && ours.idle.p95OfAll <= 5 && ours.idle.missed == 0),
            Budget(
                title: "flip p95 at most 20 ms under load", measured: "\(ours.loaded.p95OfAll.short) ms",
                isMet: isWhole && ours.loaded.p95OfAll <= 20 && ours.loaded.missed == 0),
            Budget(
                title: "no failed request of at least 300,000 over at least 100 flips",
                measured: "\(ours.failed) of \(ours.requests) over \(loadedFlips) flips",
                isMet: ours.failed == 0 && ours.requests >= 300_000 && loadedFlips >= 100),
            Budget(
                title: "an open WebSocket and an event stream survive all flips",
                measured: "\(streams.brokenSockets) and \(streams.brokenEvents) broken over "
                    + "\(ours.idle.flips + loadedFlips) flips; \(streams.echoes) echoes, \(streams.events) events",
                isMet: streams.brokenSockets == 0 && streams.brokenEvents == 0 && streams.echoes > 0
                    && streams.events > 0),
        ]
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(filePath: path))
    }
}

/// Where people read.
enum Output {
    static func say(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }
}
