internal import Foundation

extension Terminal {
    static func standard() -> Terminal { Terminal(.output, environment: ProcessInfo.processInfo.environment) }

    /// An answer, to standard output.
    static func say(_ text: String) {
        standard().write(text.hasSuffix("\n") ? text : text + "\n")
    }

    /// What a person should know beside the answer, to standard error.
    static func complain(_ text: String) {
        Terminal(.errors, environment: ProcessInfo.processInfo.environment).write(text + "\n")
    }
}
