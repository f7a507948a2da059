#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Where the program's text goes: standard output or standard error, a terminal or not.
package struct Terminal: Sendable {
    package enum Stream: Int32, Sendable {
        case output = 1
        case errors = 2
    }

    /// What became of a text.
    package enum Delivery: Hashable, Sendable {
        case written
        /// Whoever read this closed it (`berth events | head`): there is nobody to write for.
        case readerGone
        /// The error number: a full disk, a closed descriptor.
        case failed(Int32)
    }

    /// Where neither the terminal nor `COLUMNS` says.
    static let standardWidth = 100
    static let standardHeight = 24
    /// How long one write waits for a reader that does not read, in milliseconds.
    static let longestStall: Int32 = 30_000

    private let descriptor: Int32
    private let environment: [String: String]
    package let isTerminal: Bool

    /// `environment` is the process's own, read once by the program.
    package init(_ stream: Stream = .output, environment: [String: String]) {
        self.init(descriptor: stream.rawValue, environment: environment)
    }

    package init(descriptor: Int32, environment: [String: String]) {
        self.descriptor = descriptor
        self.environment = environment
        isTerminal = isatty(descriptor) == 1
    }

    /// As it is now; a window can be resized at any time.
    package var display: Display {
        Display(
            medium: isTerminal ? .terminal(width: size.width, height: size.height) : .file,
            colour: wantsColour ? .coloured : .plain)
    }

    /// Colour needs a terminal that can show it and a person who has not declined (no-color.org).
    private var wantsColour: Bool {
        isTerminal && environment["NO_COLOR"].map(\.isEmpty) ?? true && environment["TERM"] != "dumb"
    }

    private var size: (width: Int, height: Int) {
        var window = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0
        let width = isKnown && window.ws_col > 0 ? Int(window.ws_col) : nil
        let height = isKnown && window.ws_row > 0 ? Int(window.ws_row) : nil
        return (
            width ?? environment["COLUMNS"].flatMap { Int($0) } ?? Self.standardWidth,
            height ?? environment["LINES"].flatMap { Int($0) } ?? Self.standardHeight
        )
    }

    /// Writes all of `text`, or says why not. Interrupted and partial writes go on; a reader that does not read is
    /// waited for up to ``longestStall``.
    @discardableResult
    package func write(_ text: String) -> Delivery {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { put(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest.removeFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: return .readerGone
            case EAGAIN:
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let ready = poll(&wait, 1, Self.longestStall)
                if ready == 0 { return .failed(EAGAIN) }
            case let number: return .failed(number)
            }
        }
        return .written
    }

    /// Makes a closed pipe an answer of ``write(_:)`` instead of the end of the process. Once, as the program starts.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}

/// `write(2)`, which the method of the same name hides.
private func put(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
