/// How patient a controller is with its agents.
package struct RemoteSettings: Hashable, Sendable {
    /// How long orders outlive their session.
    package var reunion: Duration
    /// How long an answer may take beyond what the question itself allows.
    package var answer: Duration
    /// How long the first question of a session waits for its turn, when many agents come at once.
    package var admission: Duration
    /// How long one order may take at all.
    package var longestOrder: Duration
    /// How long a withdrawn order is waited for.
    package var surrender: Duration

    package init(
        reunion: Duration = .seconds(20), answer: Duration = .seconds(20), admission: Duration = .seconds(120),
        longestOrder: Duration = .seconds(4 * 3600), surrender: Duration = .seconds(30)
    ) {
        self.reunion = reunion
        self.answer = answer
        self.admission = admission
        self.longestOrder = longestOrder
        self.surrender = surrender
    }
}
