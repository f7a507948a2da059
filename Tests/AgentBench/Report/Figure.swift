/// A figure that was taken several times: its median, and between which values it was.
struct Figure: Sendable, Codable, CustomStringConvertible {
    let median: Double
    let low: Double
    let high: Double

    init(_ values: [Double]) {
        low = values.min() ?? 0
        high = values.max() ?? 0
        median = values.part(0.5)
    }

    var description: String { "\(median.short) [\(low.short)–\(high.short)]" }
}

/// How long many of the same took.
struct Spread: Sendable, Codable, CustomStringConvertible {
    let count: Int
    let p50: Double
    let p99: Double
    let worst: Double

    init(_ values: [Double] = []) {
        count = values.count
        p50 = values.part(0.5)
        p99 = values.part(0.99)
        worst = values.max() ?? 0
    }

    var description: String { "\(p50.short) / \(p99.short) / \(worst.short)" }
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
        let digits = self >= 100 ? 0 : self >= 10 ? 1 : self >= 0.1 ? 2 : 3
        let scale = [1.0, 10, 100, 1000][digits]
        let scaled = (self * scale).rounded() / scale
        return digits == 0 ? "\(Int(scaled))" : "\(scaled)"
    }
}
