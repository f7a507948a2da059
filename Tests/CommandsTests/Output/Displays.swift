import Foundation
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

/// Where every rendering is tried.
enum Displays {
    /// Every width, on a terminal with and without colour; `nil` is a file.
    static let all: [(name: String, display: Display)] =
        [60, 100, 160].flatMap { width in
            [
                ("\(width)", Display(medium: .terminal(width: width, height: 40), colour: .plain)),
                ("\(width)-coloured", Display(medium: .terminal(width: width, height: 40), colour: .coloured)),
            ]
        } + [("file", .file)]

    /// One for each thing that can go wrong by itself: narrow, wide with colour, and a file.
    static let few = all.filter { ["60", "160-coloured", "file"].contains($0.name) }

    static func named(_ name: String) throws -> Display {
        try #require(all.first { $0.name == name }).display
    }
}

/// Golden texts show the escape character as `␛` and the carriage return as `␍`.
func visible(_ text: String) -> String { text.replacing("\u{1b}", with: "␛").replacing("\r", with: "␍") }

/// Text as it stands on the screen, without its colours.
func uncoloured(_ text: some StringProtocol) -> String {
    String(text).replacing(/\u{1b}\[[0-9;]*m/, with: "")
}

func jsonObject(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}
