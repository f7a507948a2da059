internal import Foundation
internal import Reconciler

/// What a builder says, put together to lines; and what went wrong, in its own words.
struct BuildTranscript {
    struct Problem: Hashable {
        var failure: HostFailure
        var words: String
    }

    private(set) var problem: Problem?
    private var line = LongLine()
    /// What the build itself wrote last, without the builder's own remarks.
    private var last: [String] = []
    /// The image that the step begins with which is running, where it is a `FROM`.
    private var base: String?

    /// The lines that are whole with this part of the answer.
    mutating func read(_ answer: ArraySlice<UInt8>) -> [String] {
        let progress: BuildProgress
        do {
            progress = try JSONDecoder().decode(BuildProgress.self, from: Data(answer))
        } catch {
            problem = problem ?? Problem(failure: .unreachable, words: "the builder's answer is not JSON")
            return []
        }
        let lines = progress.stream.map { add(Self.plain($0)) } ?? []
        if let error = progress.error { problem = problem ?? explain(error, progress.errorDetail) }
        return lines
    }

    /// The line that was not ended.
    mutating func finish() -> [String] { line.isEmpty ? [] : [take()] }

    private mutating func add(_ text: Substring) -> [String] {
        var lines: [String] = []
        var rest = text.utf8
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            line.add(rest[..<end])
            lines.append(take())
            rest = rest[rest.index(after: end)...]
        }
        line.add(rest)
        return lines
    }

    private mutating func take() -> String {
        let text = line.take()
        if Self.beginsStep(text), let colon = text.firstIndex(of: ":") {
            let words = text[colon...].dropFirst().split(separator: " ")
            base = words.first == "FROM" ? words.dropFirst().first { !$0.hasPrefix("--") }.map(String.init) : nil
        }
        if !Self.remarks.contains(where: text.hasPrefix) {
            last.append(text)
            if last.count > Bounds.logLines { last.removeFirst() }
        }
        return text
    }

    /// `Step 2/3 : RUN make`, or Podman's `[1/2] STEP 2/3: RUN make`.
    private static func beginsStep(_ text: String) -> Bool {
        text.hasPrefix("Step ") || text.prefixMatch(of: /(\[\d+\/\d+\] )?STEP \d/) != nil
    }

    /// What the builders say of their own; the last is Podman's.
    private static let remarks = [" ---> ", "Removing intermediate container ", "--> "]

    /// The builder paints red what a command writes to its standard error.
    private static func plain(_ text: String) -> Substring {
        var text = text[...]
        if text.hasPrefix("\u{1b}[91m") { text = text.dropFirst(5) }
        if text.hasSuffix("\u{1b}[0m") { text = text.dropLast(4) }
        return text
    }

    private func explain(_ error: String, _ detail: BuildProgress.Detail?) -> Problem {
        let words = error.prefix(Bounds.words).split(whereSeparator: \.isNewline).joined(separator: " ")
        if let base, detail?.code == nil {
            // Without a way to the registry it is the net that failed, and that passes; a registry's no does not.
            let isNet = Self.netTrouble.contains { error.lowercased().contains($0) }
            return Problem(
                failure: isNet ? .unreachable : .refused,
                words: "its base image \(base) is not on this node: load it, or give the node a way to its registry "
                    + "(\(words))")
        }
        let output = LogFrames.end(of: Array(last.joined(separator: "\n").utf8), Bounds.output)
        let lines = output.split(separator: "\n").joined(separator: " | ")
        return Problem(failure: .refused, words: lines.isEmpty ? words : "\(words); it last wrote: \(lines)")
    }

    private static let netTrouble = [
        "dial tcp", "dial udp", "lookup ", "i/o timeout", "timeout", "network is unreachable", "connection re", "eof",
    ]
}
