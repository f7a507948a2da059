import Testing

/// Waits until a condition holds: at most a minute, for real processes on a loaded machine. Fails the test where it
/// never does.
func soon(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: .seconds(60))
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(2))
    }
    try #require(Bool(false), what, sourceLocation: sourceLocation)
}
