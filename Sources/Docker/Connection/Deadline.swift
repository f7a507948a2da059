/// Ends `work` after `limit`, by cancelling it: the client's own deadline covers a request only to the head of its
/// answer, and an engine can fall silent in the middle of a body.
enum Deadline {
    static func within<Value: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
    ) async throws(TransportFailure) -> Value {
        let outcome: Result<Value, TransportFailure> = await withTaskGroup(
            of: Result<Value, TransportFailure>.self
        ) { group in
            group.addTask {
                do {
                    return .success(try await work())
                } catch {
                    return .failure(TransportFailure(error))
                }
            }
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                    return .failure(.tooLate)
                } catch {
                    return .failure(.cancelled)
                }
            }
            let first = await group.next() ?? .failure(.cancelled)
            group.cancelAll()
            return first
        }
        return try outcome.get()
    }
}
