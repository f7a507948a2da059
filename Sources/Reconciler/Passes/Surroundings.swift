package import Logging
package import Model

/// The clock, the names and the log that the program lends to the core.
package struct Surroundings: Sendable {
    package let now: @Sendable () -> Timestamp
    /// A uid never given before.
    package let newUID: @Sendable () -> ResourceUID
    package let logger: Logger

    package init(
        now: @escaping @Sendable () -> Timestamp, newUID: @escaping @Sendable () -> ResourceUID, logger: Logger
    ) {
        self.now = now
        self.newUID = newUID
        self.logger = logger
    }

    /// `what` is a phrase without data.
    func complain(_ what: String, _ error: any Error) {
        logger.warning("\(what)", metadata: ["error": "\(error)"])
    }
}
