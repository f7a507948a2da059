internal import AgentProtocol

extension String {
    /// What an agent said, for a log or a terminal: at most so many characters, and none that gives a terminal an order.
    func printable(_ most: Int) -> String {
        let scalars = unicodeScalars.prefix(most).map { $0.isPrintable ? $0 : "?" }
        let isCut = unicodeScalars.dropFirst(most).first != nil
        return String(String.UnicodeScalarView(scalars)) + (isCut ? "..." : "")
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

extension Interrupted {
    /// Characters of an action that are told.
    private static let longestAction = 200

    var printableAction: String { action.printable(Self.longestAction) }
}
