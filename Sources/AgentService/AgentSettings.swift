/// How patient an agent is.
package struct AgentSettings: Hashable, Sendable {
    /// The longest first wait before it dials again; doubled with each failure, and drawn from zero to that.
    package var firstRetry: Duration
    package var longestRetry: Duration
    /// Between two tries at a controller that refuses it: only a person can mend that.
    package var refusedRetry: Duration
    /// How long orders of a new epoch wait for the end of those of an older one.
    package var handover: Duration
    /// How long after a session began a controller may ask again for what the agent was killed in the middle of.
    package var reunion: Duration
    /// How long its end is held up by what is under way.
    package var farewell: Duration

    package init(
        firstRetry: Duration = .milliseconds(500), longestRetry: Duration = .seconds(30),
        refusedRetry: Duration = .seconds(30), handover: Duration = .seconds(20), reunion: Duration = .seconds(60),
        farewell: Duration = .seconds(10)
    ) {
        precondition(firstRetry > .zero && firstRetry <= longestRetry)
        self.firstRetry = firstRetry
        self.longestRetry = longestRetry
        self.refusedRetry = refusedRetry
        self.handover = handover
        self.reunion = reunion
        self.farewell = farewell
    }
}
