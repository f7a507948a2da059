internal import Glibc

/// A new pipe that no program we start inherits; `nil` where no descriptor is free. Writing never waits.
func openPipe() -> (reading: Int32, writing: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[1], F_SETFL, Int32(O_NONBLOCK))
    return (ends[0], ends[1])
}
