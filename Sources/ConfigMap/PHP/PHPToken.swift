/// A piece of PHP that means something. Spaces, comments and text outside `<?php` are none.
struct PHPToken {
    enum Kind: Hashable {
        case variable, name, number
        /// `'…'`, or `"…"` in which no variable is named.
        case plainString
        /// A string that is computed, a heredoc, or the output of a command.
        case otherString
        /// `#[`
        case attribute
        /// `?>`, which also ends a statement.
        case closeTag
        case symbol
    }

    let kind: Kind
    let range: Range<Int>
}

/// Why a file is not PHP as we read it.
package struct PHPProblem: Error, Hashable {
    /// Bytes from the start of the file.
    package let offset: Int
    package let text: String
}

/// A line and a column of a file, both from 1; a column counts characters.
package struct PHPPlace: Hashable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    /// Lines end as PHP ends them: with LF, CR LF or CR.
    package init(of offset: Int, in bytes: [UInt8]) {
        var line = 1
        var start = 0
        for index in 0..<min(offset, bytes.count) {
            let byte = bytes[index]
            let isPair = byte == UInt8(ascii: "\r") && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n")
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") && !isPair else { continue }
            line += 1
            start = index + 1
        }
        self.line = line
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        if start == 0, bytes.starts(with: byteOrderMark) { start = min(3, offset) }
        column = 1 + bytes[start..<min(max(start, offset), bytes.count)].count { $0 & 0xc0 != 0x80 }
    }

    package var description: String { "\(line):\(column)" }
}
