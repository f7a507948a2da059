package import Testing

/// Waits until a condition holds: at most thirty seconds, looking every millisecond. Fails the test where it never does.
package func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: .seconds(30))
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(1))
    }
    try #require(Bool(false), what, sourceLocation: sourceLocation)
}
