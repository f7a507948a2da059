/// What a configuration file of PHP gives the application: the keys of the array that it returns, or of the array that
/// it leaves behind, each with the place that decides its value.
///
/// Read as PHP carries it out: of a key that is there twice the last counts. What cannot be told without running the
/// file is told as such.
package struct PHPConfig {
    /// Where a key gets its value.
    package enum Entry: Hashable, Sendable {
        /// A plain string at these bytes, quotes included.
        case string(Range<Int>)
        /// At this byte something that we may not change, and why.
        case closed(at: Int, because: String)
    }

    package let bytes: [UInt8]
    package let entries: [String: Entry]

    package init(_ bytes: [UInt8]) throws(PHPProblem) {
        self.bytes = bytes
        entries = PHPAssignments(in: try PHPStructure(bytes)).entries
    }

    /// The source of a key's value, where that is a plain string.
    package func source(of key: String) -> ArraySlice<UInt8>? {
        guard case .string(let range)? = entries[key] else { return nil }
        return bytes[range]
    }

    /// The file with other sources in the place of these keys' values, and every other byte as it was.
    package func replacing(_ sources: [String: [UInt8]]) -> [UInt8] {
        var changed = bytes
        let edits = sources.compactMap { key, source -> (Range<Int>, [UInt8])? in
            if case .string(let range)? = entries[key] { (range, source) } else { nil }
        }
        for (range, source) in edits.sorted(by: { $0.0.lowerBound > $1.0.lowerBound }) {
            changed.replaceSubrange(range, with: source)
        }
        return changed
    }
}
