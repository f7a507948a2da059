internal import Model

extension Shape where Value == Int {
    /// Thousandths of a core: `500m`, `2`, `1.5`.
    static var cpu: Shape {
        .parsed(
            .quantity(pattern: #"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$"#),
            "an amount of CPU from 1m to 1024; write 500m, or 1.5 for one and a half cores", Quantity.cpuMillis)
    }

    /// Milliseconds: `500ms`, `10s`, `2m`, `4h`, `14d`.
    static func duration(_ range: ClosedRange<Int>, _ words: String) -> Shape {
        .parsed(
            .text(pattern: "^[0-9]+(ms|s|m|h|d)$"),
            "a duration from \(words); write a number with its unit, such as 10s"
        ) { text in
            Quantity.milliseconds(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Shape where Value == Int64 {
    /// Bytes: `512Mi`, `1Gi`.
    static var memory: Shape {
        .parsed(
            .text(pattern: "^[0-9]+(Ki|Mi|Gi|Ti)$"),
            "an amount of memory from 6Mi to 16Ti; write a whole number with its unit, such as 512Mi or 1Gi",
            Quantity.memoryBytes)
    }
}

/// Numbers with units.
enum Quantity {
    static let cpuRange = 1...1_024_000
    /// Docker refuses a limit below 6 MiB.
    static let memoryRange: ClosedRange<Int64> = (6 << 20)...(16 << 40)

    static func cpuMillis(_ text: String) -> Int? {
        let value: Int?
        if text.utf8.last == UInt8(ascii: "m") {
            value = digits(text.utf8.dropLast())
        } else {
            let halves = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard halves.count <= 2, let whole = digits(halves[0]) else { return nil }
            var thousandths = 0
            if halves.count == 2 {
                guard (1...3).contains(halves[1].count), let part = digits(halves[1]) else { return nil }
                thousandths = part * [100, 10, 1][halves[1].count - 1]
            }
            value = whole <= 1024 ? whole * 1000 + thousandths : nil
        }
        return value.flatMap { cpuRange.contains($0) ? $0 : nil }
    }

    static func memoryBytes(_ text: String) -> Int64? {
        let units: [(String, Int64)] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40)]
        for (unit, shift) in units where text.hasSuffix(unit) {
            guard let number = digits(text.utf8.dropLast(2)), Int64(number) <= memoryRange.upperBound >> shift else {
                return nil
            }
            let bytes = Int64(number) << shift
            return memoryRange.contains(bytes) ? bytes : nil
        }
        return nil
    }

    static func milliseconds(_ text: String) -> Int? {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = digits(text.utf8.dropLast(unit.utf8.count)) else { continue }
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return nil
    }

    /// At most nine digits and nothing else.
    private static func digits(_ bytes: some Collection<UInt8>) -> Int? {
        guard (1...9).contains(bytes.count) else { return nil }
        var number = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
