internal import Foundation

/// Why a scenario cannot go on; a sentence for people.
struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Asks again and again until `condition` gives something, at most for `bound`.
///
/// What is waited for is a state of the world; the pause between two looks is no guess at how long it takes.
@discardableResult
func eventually<Found>(
    _ what: String, within bound: Duration = .seconds(20), every pause: Duration = .milliseconds(25),
    _ condition: () async throws -> Found?
) async throws -> Found {
    let deadline = ContinuousClock.now.advanced(by: bound)
    while true {
        if let found = try await condition() { return found }
        guard ContinuousClock.now < deadline else { throw Trouble("not within \(bound): \(what)") }
        try await Task.sleep(for: pause)
    }
}

/// The same for a condition that is only true or false.
func eventually(
    _ what: String, within bound: Duration = .seconds(20), every pause: Duration = .milliseconds(25),
    isTrue condition: () async throws -> Bool
) async throws {
    try await eventually(what, within: bound, every: pause) { try await condition() ? true : nil }
}

/// Runs what blocks on a thread that is nobody else's to wait for.
func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Swift.Result { try work() }) }
    }
}
