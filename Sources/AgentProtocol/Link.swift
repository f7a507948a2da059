/// One live connection between a controller and an agent: whole frames in order, until it ends.
package protocol Link<Outgoing, Incoming>: Sendable {
    associatedtype Outgoing: Sendable
    associatedtype Incoming: Sendable

    /// Returns when the other side has taken it or there is room for it: a slow reader holds up its own sender and
    /// nobody else. Callers wait with a bound of their own.
    func send(_ frame: Outgoing) async throws(LinkError)
    /// The next frame; `nil` at an orderly end. There is one reader.
    func receive() async throws(LinkError) -> Incoming?
    /// Ends it at once; harmless when repeated. Whoever waits in ``send(_:)`` or ``receive()`` is let go.
    func close() async
}

/// An agent, as its controller holds it.
package typealias LinkToAgent = any Link<ControllerFrame, AgentFrame>
/// A controller, as its agent holds it.
package typealias LinkToController = any Link<AgentFrame, ControllerFrame>

package struct LinkError: Error, Hashable, CustomStringConvertible {
    package enum Failure: String, Hashable, Sendable {
        /// The other side is not there, or not any more: worth another try.
        case lost
        /// The other side does not want us, or we do not want it: trying again changes nothing until a person acts.
        case refused
        /// What came is no frame of this contract.
        case malformed
    }

    package let failure: Failure
    /// A sentence with the remedy where one is known.
    package let message: String

    package init(_ failure: Failure, _ message: String) {
        self.failure = failure
        self.message = message
    }

    package var description: String { message }
}

/// Who is at the other end, as its certificate proves.
package struct Peer: Hashable, Sendable {
    package let node: String
    /// Serial number of the certificate, lower-case hex.
    package let serial: String

    package init(node: String, serial: String) {
        self.node = node
        self.serial = serial
    }
}

/// What bounds the conversation. Sizes in bytes, times as durations.
package enum Bounds {
    /// The largest frame. A node of 5,000 containers is described in about 5 MiB.
    package static let frame = 32 << 20
    /// Between two heartbeats of either side.
    package static let beat = Duration.seconds(5)
    /// A side that was silent for this long is taken for gone.
    package static let silence = Duration.seconds(16)
    /// How long the first frames of a session may take.
    package static let handshake = Duration.seconds(10)
    /// How long one frame may wait for a slow reader.
    package static let sending = Duration.seconds(15)
    /// Actions of one node under way at once.
    package static let orders = 64
    /// Frames that wait to be sent to one peer; beyond it, hints are coalesced and log lines dropped with a note.
    package static let queue = 512
    /// Log lines in one frame, and bytes in one line.
    package static let lines = 500
    package static let line = 16 << 10
    /// Outcomes an agent keeps for repeated orders.
    package static let remembered = 10_000
    /// Full observations that a controller takes in at once, so that 500 agents coming back do not fell it.
    package static let admissions = 16
}
