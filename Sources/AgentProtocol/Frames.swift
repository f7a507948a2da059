package import Model
package import Reconciler

// What is said over a link. The same in `schemas/agent/v1/agent.proto`, which is the contract between releases.

/// From a controller to an agent.
package enum ControllerFrame: Hashable, Sendable {
    /// The answer to ``AgentFrame/hello(_:)``; before it nothing else is said.
    case welcome(Welcome)
    /// The session ends, for this reason.
    case refusal(String)
    /// Look, and answer under the same id. Where what is seen equals what was told as `known`, say only that.
    case observe(QuestionID, Inquiry, known: ObservationID?)
    case perform(Order)
    /// Nobody needs it any more. Its outcome is told all the same.
    case withdraw(Order.ID)
    /// What a container of ours wrote last.
    case tail(QuestionID, Tail)
    case beat(Beat)
}

/// From an agent to a controller.
package enum AgentFrame: Hashable, Sendable {
    case hello(Hello)
    case observation(QuestionID, Observation)
    /// The order is entered in the agent's own journal and begins: whatever happens now, the agent will know of it.
    case accepted(Order.ID)
    case outcome(Order.ID, Outcome)
    /// Something may have changed; carries no facts.
    case hints([Hint])
    /// Output of builds, as it comes.
    case lines(LogLines)
    case tail(QuestionID, TailAnswer)
    case beat(Beat)
}

package struct QuestionID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// Names one full observation within a session.
package struct ObservationID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// The first frame of an agent.
package struct Hello: Hashable, Sendable {
    package var node: NodeName
    package var release: Release
    /// Random for each start of the agent, so that a restart is told from a reconnect.
    package var boot: String
    /// The highest epoch it has acted for.
    package var epoch: Epoch
    /// Its clock; the controller tells people of a skew, and never compares it with its own otherwise.
    package var now: Timestamp
    /// `Docker 20.10.24`, `Podman 4.3.1`.
    package var engine: String
    /// Orders that it was killed in the middle of, with what it found of them since.
    package var interrupted: [Interrupted]

    package init(
        node: NodeName, release: Release = .current, boot: String, epoch: Epoch, now: Timestamp, engine: String,
        interrupted: [Interrupted] = []
    ) {
        self.node = node
        self.release = release
        self.boot = boot
        self.epoch = epoch
        self.now = now
        self.engine = engine
        self.interrupted = interrupted
    }
}

/// An order that an agent was killed in the middle of.
package struct Interrupted: Hashable, Sendable {
    /// What the engine shows of it after the restart.
    package enum Remains: String, Hashable, Sendable, CaseIterable {
        /// What it was to make is there.
        case found
        case notFound
        /// It makes nothing that could be looked for.
        case unknown
    }

    package let order: Order.ID
    /// In words.
    package let action: String
    package let remains: Remains

    package init(order: Order.ID, action: String, remains: Remains) {
        self.order = order
        self.action = action
        self.remains = remains
    }
}

/// The first frame of a controller.
package struct Welcome: Hashable, Sendable {
    package var release: Release
    package var epoch: Epoch
    /// Whose labels the agent's containers carry.
    package var installation: InstallationID
    package var now: Timestamp

    package init(release: Release = .current, epoch: Epoch, installation: InstallationID, now: Timestamp) {
        self.release = release
        self.epoch = epoch
        self.installation = installation
        self.now = now
    }
}

package enum Observation: Hashable, Sendable {
    case full(ObservationID, ObservedNode)
    /// As it was told under this id.
    case unchanged(ObservationID)
    case failed(HostError)
}

package struct Beat: Hashable, Sendable {
    /// Counts up in a session; a repeated or older one is a replay and ends it.
    package let number: UInt64
    package let now: Timestamp

    package init(number: UInt64, now: Timestamp) {
        self.number = number
        self.now = now
    }
}

/// Lines that the making of a workpiece wrote.
package struct LogLines: Hashable, Sendable {
    package let piece: Workpiece.ID
    /// How many lines of this log came before these; a gap is a loss, and told as one.
    package let first: UInt64
    package let lines: [String]

    package init(piece: Workpiece.ID, first: UInt64, lines: [String]) {
        self.piece = piece
        self.first = first
        self.lines = lines
    }
}

/// A question for what containers wrote.
package struct Tail: Hashable, Sendable {
    package let container: ContainerID
    /// At most this many lines, 10,000 at most.
    package let lines: Int

    package init(container: ContainerID, lines: Int) {
        self.container = container
        self.lines = lines
    }
}

package enum TailAnswer: Hashable, Sendable {
    /// Oldest first.
    case lines([TimedLine])
    case failed(HostError)
}

package struct TimedLine: Hashable, Sendable {
    package let at: Timestamp
    package let text: String

    package init(at: Timestamp, text: String) {
        self.at = at
        self.text = text
    }
}
