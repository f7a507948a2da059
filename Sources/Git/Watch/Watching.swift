internal import Dispatch

/// What blocks on a thread of its own and tells when to look, until its waker stops it.
protocol Watching: Sendable {
    consuming func run(tell: () -> Void)
}

/// Runs `make`'s watch on a thread of its own for as long as somebody listens; the reader who is behind finds one
/// element, not many.
func watch(_ make: (Waker) -> some Watching) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    guard let waker = Waker() else {
        continuation.finish()
        return stream
    }
    let watching = make(waker)
    continuation.onTermination = { _ in waker.stop() }
    DispatchQueue(label: "berth.git.watch").async {
        watching.run { continuation.yield() }
        continuation.finish()
    }
    return stream
}

/// Tells at the intervals of a remote.
struct Ticker: Watching {
    let remote: GitSource.Remote
    let jitter: any RandomNumberGenerator & Sendable
    let waker: Waker

    func run(tell: () -> Void) {
        var jitter = jitter
        repeat { tell() } while waker.wait(for: remote.nextPoll(using: &jitter)) != .stopped
    }
}
