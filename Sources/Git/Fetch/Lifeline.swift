internal import Glibc

/// Ends the fetching process by itself, whatever its parent does or forgets: after ``longestSilence`` without a byte
/// from the other side, and after ``GitFetch/longestLife`` in any case.
enum Lifeline {
    /// A server that packs a large repository says so every second or two.
    static let longestSilence: Duration = .seconds(60)
    /// What ends it, and so tells the parent.
    static let signal = SIGALRM

    private static let start = ContinuousClock.now

    /// To be called once, before anything that can hang.
    static func begin() {
        // Whoever starts us from a thread that holds signals back hands that down.
        var alarms = sigset_t()
        sigemptyset(&alarms)
        sigaddset(&alarms, signal)
        sigprocmask(SIG_UNBLOCK, &alarms, nil)
        hold(for: GitFetch.longestLife)
    }

    /// From here on the other side is expected to speak.
    static func listen() { holdOn(for: longestSilence) }

    /// What is done now needs nobody else.
    static func work() { holdOn(for: GitFetch.longestLife) }

    /// The other side spoke. Its callers hand the answer to libgit2: go on.
    static func isThere() -> Int32 {
        holdOn(for: longestSilence)
        return 0
    }

    /// Does nothing in a process that did not ``begin()``: there no alarm runs, and none must.
    private static func holdOn(for duration: Duration) {
        if alarm(0) > 0 { hold(for: duration) }
    }

    private static func hold(for duration: Duration) {
        let left = GitFetch.longestLife - (ContinuousClock.now - start)
        _ = alarm(UInt32(max(min(duration, left).components.seconds, 1)))
    }
}
