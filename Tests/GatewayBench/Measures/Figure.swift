/// A figure that was taken several times: its median, and between which values it was.
struct Figure: Sendable, Codable, CustomStringConvertible {
    let median: Double
    let low: Double
    let high: Double

    /// `nil` of nothing.
    init?(_ values: [Double]) {
        guard let low = values.min(), let high = values.max() else { return nil }
        self.low = low
        self.high = high
        median = values.part(0.5)
    }

    var description: String { "\(median.short) [\(low.short)–\(high.short)]" }
}

extension [Double] {
    /// The value that `part` of all values are not above; 0 of nothing.
    func part(_ part: Double) -> Double {
        guard !isEmpty else { return 0 }
        return sorted()[Swift.min(Swift.max(Int((Double(count) * part).rounded(.up)) - 1, 0), count - 1)]
    }
}

extension Double {
    /// Three digits, more or less.
    var short: String {
        let digits = self >= 100 ? 0 : self >= 10 ? 1 : 2
        let scale = [1.0, 10, 100][digits]
        let scaled = (self * scale).rounded() / scale
        return digits == 0 ? "\(Int(scaled))" : "\(scaled)"
    }
}

/// How long flips took, in milliseconds.
struct FlipFigures: Sendable, Codable {
    let flips: Int
    /// Flips whose new target was not seen in time.
    let missed: Int
    /// Medians over rounds, of the time from the call to the first answer of the new target.
    let p50: Figure?
    let p95: Figure?
    /// Of all flips of all rounds.
    let p95OfAll: Double
    let worst: Double
    /// Of all flips: until the gateway said that it was done.
    let returnedP50: Double
    let returnedP95: Double
    let returnedWorst: Double

    init(_ rounds: [[Flip]]) {
        let all = rounds.flatMap(\.self)
        let seen = rounds.map { $0.compactMap(\.effective) }.filter { !$0.isEmpty }
        flips = all.count
        missed = all.count { $0.effective == nil }
        p50 = Figure(seen.map { $0.part(0.5) })
        p95 = Figure(seen.map { $0.part(0.95) })
        p95OfAll = seen.flatMap(\.self).part(0.95)
        worst = seen.flatMap(\.self).max() ?? 0
        let returned = all.map(\.returned)
        returnedP50 = returned.part(0.5)
        returnedP95 = returned.part(0.95)
        returnedWorst = returned.max() ?? 0
    }
}

/// One flip, in milliseconds from the call.
struct Flip: Sendable {
    /// Until the first answer of the new target; `nil` where none came in time.
    let effective: Double?
    let returned: Double
}
