/// A position in a manifest: `apps/web.yaml:12:5`. Lines and columns count from 1.
package struct Place: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.file, lhs.line, lhs.column) < (rhs.file, rhs.line, rhs.column)
    }

    package var description: String { "\(file):\(line):\(column)" }

    /// `file:line`, as plans and journals print it.
    package var short: String { "\(file):\(line)" }
}
