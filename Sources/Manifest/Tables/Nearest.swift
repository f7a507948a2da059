/// The known word that somebody who mistyped most likely meant.
enum Nearest {
    /// Words longer than this are not compared: nobody mistypes them, and the comparison is quadratic.
    private static let longest = 64

    /// `; did you mean "image"?`, or `nil` where nothing is near.
    static func hint(for word: String, among known: some Sequence<String>) -> String? {
        nearest(to: word, among: known).map { "; did you mean \"\($0)\"?" }
    }

    /// The nearest of `known` within a third of the word's length; of equally near ones the first by alphabet.
    static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        let bytes = Array(word.utf8.map(lowercase))
        guard !bytes.isEmpty, bytes.count <= longest else { return nil }
        let bound = max(1, (bytes.count + 1) / 3)
        var best: (distance: Int, word: String)?
        for candidate in known {
            let other = Array(candidate.utf8.map(lowercase))
            guard other.count <= longest, abs(other.count - bytes.count) <= bound else { continue }
            let distance = distance(bytes, other)
            guard distance <= bound else { continue }
            if let best, (best.distance, best.word) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.word
    }

    /// How many letters to insert, delete, replace or swap with their neighbour.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var cost = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
