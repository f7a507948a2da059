internal import Synchronization

/// One life of a program that may be killed at any of its steps, as a seed says: from then on it changes nothing.
package final class Life: Sendable {
    private struct State {
        var stepsLeft: Int?
        var isOver = false
        var last = ""
        var mourners: [@Sendable () -> Void] = []
    }

    private let state: Mutex<State>

    /// `steps`: with this one it is killed; `nil` is never.
    package init(steps: Int? = nil) { state = Mutex(State(stepsLeft: steps)) }

    package var isOver: Bool { state.withLock(\.isOver) }
    /// The step that it was killed at.
    package var last: String { state.withLock(\.last) }

    /// Whether it still lives after this step.
    package func step(_ what: String) -> Bool {
        let mourners = state.withLock { state -> [@Sendable () -> Void] in
            guard !state.isOver, let left = state.stepsLeft else { return [] }
            state.stepsLeft = left - 1
            guard left <= 1 else { return [] }
            return Self.end(&state, what)
        }
        for mourner in mourners { mourner() }
        return !isOver
    }

    package func end() {
        for mourner in state.withLock({ Self.end(&$0, "end") }) { mourner() }
    }

    /// Done at the moment of death.
    package func whenOver(_ body: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isOver { state.mourners.append(body) }
            return state.isOver
        }
        if isLate { body() }
    }

    private static func end(_ state: inout State, _ what: String) -> [@Sendable () -> Void] {
        guard !state.isOver else { return [] }
        state.isOver = true
        state.last = what
        defer { state.mourners = [] }
        return state.mourners
    }
}
