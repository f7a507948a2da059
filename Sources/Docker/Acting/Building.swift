internal import Foundation
internal import Model
package import Reconciler

extension DockerEngine {
    /// Cancelling the task, and ``ImageOrder/timeout``, close the connection: the engine then kills the command that runs
    /// and removes its container, within about a second. What the finished steps made stays with the engine as its build
    /// cache (`docker image prune`), for the next commit begins with the same steps.
    package func build(
        _ order: ImageOrder, from context: AsyncThrowingStream<[UInt8], any Error>,
        log: @escaping @Sendable (String) async -> Void
    ) async throws(HostError) {
        let operation = "build \(order.image)"
        let request = EngineRequest(
            .post, "/build", query: try question(order, for: operation), body: .upload(Upload(context)),
            deadline: .zero)
        let outcome: Result<Void, HostError>
        do throws(TransportFailure) {
            outcome = try await Deadline.within(order.timeout) { await follow(request, log, for: operation) }
        } catch .tooLate {
            let limit = order.timeout.components.seconds
            throw HostError(operation, .refused, "it took longer than its \(limit) s, and was stopped")
        } catch {
            throw error.explained(operation, socket: connection.socket)
        }
        try outcome.get()
        guard try await image(order.image) != nil else {
            throw HostError(operation, .unreachable, "the engine has ended the build, and there is no image")
        }
    }

    private func question(
        _ order: ImageOrder, for operation: String
    ) throws(HostError) -> [(name: String, value: String)] {
        var query = [
            ("version", "1"), ("t", order.image.text), ("dockerfile", order.dockerfile), ("pull", "0"), ("rm", "1"),
            ("forcerm", "1"), ("cpushares", String(order.limits.cpuShares)),
            ("memory", String(order.limits.memoryBytes)), ("memswap", String(order.limits.memoryBytes)),
            ("labels", try Self.json(labels.image(order), for: operation)),
        ]
        if let target = order.target { query.append(("target", target)) }
        if !order.arguments.isEmpty {
            query.append(("buildargs", try Self.json(order.arguments, for: operation)))
        }
        return query
    }

    private static func json(_ values: [String: String], for operation: String) throws(HostError) -> String {
        do {
            return String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
        } catch {
            throw HostError(operation, .refused, "the request cannot be written as JSON")
        }
    }

    /// Reads the builder's answer to its end: the engine says 200 before it begins.
    private func follow(
        _ request: EngineRequest, _ log: @Sendable (String) async -> Void, for operation: String
    ) async -> Result<Void, HostError> {
        var transcript = BuildTranscript()
        do throws(HostError) {
            try await connection.open(request, for: operation).lines { line in
                for text in transcript.read(line) { await log(text) }
                return .more
            }
        } catch {
            return .failure(error)
        }
        for text in transcript.finish() { await log(text) }
        guard let problem = transcript.problem else { return .success(()) }
        return .failure(HostError(operation, problem.failure, problem.words))
    }
}
