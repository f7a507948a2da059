package import Model

/// One line of a log beside who wrote it.
package struct SpokenLine: Hashable, Sendable {
    /// A service, or the container where a service has several.
    package let speaker: String
    package let at: Timestamp
    package let text: String

    package init(speaker: String, at: Timestamp, text: String) {
        self.speaker = speaker
        self.at = at
        self.text = text
    }
}

/// `berth logs`: lines as they were written, each after its speaker where there are several.
package struct LogLines: Sendable {
    package enum Times: Hashable, Sendable { case hidden, shown }

    private static let tones: [Tone] = [.cyan, .magenta, .blue, .good, .busy]
    /// A longer name is not waited for by the others.
    private static let widestSpeaker = 24

    private let times: Times
    /// In the order in which they were announced.
    private var speakers: [String] = []
    private var width = 0

    package init(times: Times) { self.times = times }

    /// Who may speak. Where that is one, nobody is named.
    package mutating func announce(_ names: some Sequence<String>) {
        for name in names where !speakers.contains(name) {
            speakers.append(name)
            width = max(width, min(Columns.count(name), Self.widestSpeaker))
        }
    }

    /// `account | GET /health 200`
    package func text(of line: SpokenLine, in display: Display) -> String {
        var whole = Line()
        if speakers.count > 1 {
            let index = speakers.firstIndex(of: line.speaker) ?? 0
            whole.append(Columns.pad(line.speaker, to: width) + " | ", Self.tones[index % Self.tones.count])
        }
        if times == .shown { whole.append(line.at.iso + " ", .faint) }
        whole.append(line.text)
        return display.uncut.text([whole])
    }
}
