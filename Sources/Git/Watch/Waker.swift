internal import Glibc

/// Ends a thread's wait from another thread. The descriptor lives as long as either side knows it.
final class Waker: Sendable {
    enum Reason { case stopped, readable, elapsed }

    private static let longestWait: Duration = .seconds(24 * 60 * 60)
    private let reading: Int32
    private let writing: Int32

    /// `nil` where no descriptor is free.
    init?() {
        guard let pipe = openPipe() else { return nil }
        (reading, writing) = pipe
    }

    deinit {
        close(reading)
        close(writing)
    }

    func stop() {
        // Nobody reads it: once readable, always readable, and a full pipe has said it already.
        _ = write(writing, [1] as [UInt8], 1)
    }

    /// Blocks until ``stop()``, until `other` can be read, or for `duration`; a day at most.
    func wait(for duration: Duration, or other: Int32? = nil) -> Reason {
        let parts = min(duration, Self.longestWait).components
        let milliseconds = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
        // poll passes over a negative descriptor.
        var polled = [
            pollfd(fd: reading, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&polled, nfds_t(polled.count), Int32(max(milliseconds, 1)))
        if polled[0].revents != 0 { return .stopped }
        return polled[1].revents != 0 ? .readable : .elapsed
    }
}
