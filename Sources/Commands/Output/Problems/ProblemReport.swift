package import Model

/// `berth validate`: everything wrong with the manifests, in order of place.
package struct ProblemReport: Sendable {
    private let problems: [ManifestProblem]
    private let files: Int
    private let manifests: Int

    /// `files` and `manifests` say how much was read.
    package init(_ problems: [ManifestProblem], files: Int, manifests: Int) {
        self.problems = problems.sorted { ($0.place, $0.code, $0.message) < ($1.place, $1.code, $1.message) }
        self.files = files
        self.manifests = manifests
    }

    /// An error fails the validation, a warning does not.
    package var status: ExitStatus { errors > 0 ? .failure : .success }

    /// `file:line:column: error: …`, which editors and CI systems know how to follow.
    package func text(in display: Display) -> String {
        display.text(problems.flatMap { lines(of: $0, in: display) } + [Line(summary)])
    }

    /// `2 errors, 1 warning in 5 files`, or `5 files, 12 manifests: no problems`.
    package var summary: String {
        let files = Self.count(files, "file")
        guard !problems.isEmpty else { return "\(files), \(Self.count(manifests, "manifest")): no problems" }
        let warnings = problems.count - errors
        let parts = [
            errors > 0 ? Self.count(errors, "error") : nil, warnings > 0 ? Self.count(warnings, "warning") : nil,
        ]
        return "\(parts.compactMap(\.self).joined(separator: ", ")) in \(files)"
    }

    private var errors: Int { problems.count { $0.severity == .error } }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private func lines(of problem: ManifestProblem, in display: Display) -> [Line] {
        let tone: Tone =
            switch problem.severity {
            case .error: .bad
            case .warning: .busy
            }
        var head = Line("\(problem.place): ")
        head.append("\(problem.severity.rawValue): ", tone)
        let room = display.width.map { $0 - 4 }
        if let width = display.width, head.columns >= width {
            let parts = Columns.wrap(head.plain, to: width).map { Line($0) }
            return parts + Columns.wrap(problem.message, to: room).map { Line("    " + $0) }
        }
        let parts = Columns.wrap(problem.message, to: room, used: max(0, head.columns - 4))
        head.append(parts.first ?? "")
        return [head] + parts.dropFirst().map { Line("    " + $0) }
    }

    /// `-o json`, version 1.
    package var json: String {
        JSONText.document(
            Document(
                files: files, manifests: manifests, problems: problems.map(ProblemJSON.init),
                summary: Summary(errors: errors, warnings: problems.count - errors, text: summary)))
    }

    private struct Document: Encodable {
        let version = 1
        let files: Int
        let manifests: Int
        let problems: [ProblemJSON]
        let summary: Summary
    }

    private struct Summary: Encodable {
        let errors: Int
        let warnings: Int
        let text: String
    }

    /// `-o github`: workflow commands, which GitHub shows beside the line of the pull request.
    package var github: String {
        let commands = problems.map { problem in
            let place = problem.place
            let position = "file=\(Self.property(place.file)),line=\(place.line),col=\(place.column)"
            return "::\(problem.severity.rawValue) \(position)::\(Self.message(problem.message))\n"
        }
        return commands.joined() + Self.message(summary) + "\n"
    }

    /// What the runner undoes in a message.
    private static func message(_ text: String) -> String {
        escape(text) { character in
            switch character {
            case "%": "%25"
            case "\r": "%0D"
            case "\n": "%0A"
            default: nil
            }
        }
    }

    /// What the runner undoes in a property, which ends at `,` or `:`.
    private static func property(_ text: String) -> String {
        escape(message(text)) { character in
            switch character {
            case ":": "%3A"
            case ",": "%2C"
            default: nil
            }
        }
    }

    /// By scalars, for a `Character` takes CR LF for one.
    private static func escape(_ text: String, _ code: (Unicode.Scalar) -> String?) -> String {
        text.unicodeScalars.map { code($0) ?? String($0) }.joined()
    }
}
