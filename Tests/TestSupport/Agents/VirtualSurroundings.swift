package import Logging
internal import Model
package import Reconciler
internal import Synchronization

extension Surroundings {
    /// The time of a virtual clock as the time of day, off by `skew`, and a log that a test can read.
    package static func virtual(_ clock: VirtualClock, skew: Duration = .zero, into log: TestLog = TestLog()) -> Self {
        let count = Mutex(0)
        return Surroundings(
            now: {
                let elapsed = (clock.elapsed + skew).components
                let millis = elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
                return Timestamp(milliseconds: 1_763_700_000_000 + millis)
            },
            newUID: {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                return ResourceUID("uid-\(number)")
            },
            logger: Logger(label: "test") { _ in log })
    }
}

/// Keeps what is logged: `level message: error`.
package final class TestLog: LogHandler, Sendable {
    private let kept = Mutex<[String]>([])

    package init() {}

    package var lines: [String] { kept.withLock(\.self) }

    package func log(event: LogEvent) {
        let error = event.metadata?["error"].map { ": \($0)" } ?? ""
        kept.withLock { $0.append("\(event.level) \(event.message)\(error)") }
    }

    package var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    package var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
