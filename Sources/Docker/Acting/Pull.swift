internal import Foundation
package import Model
package import Reconciler

extension DockerEngine {
    /// Returns when the engine has the whole image. Progress is read to its end: the engine says 200 before it begins,
    /// and what goes wrong later stands in the stream.
    package func pull(_ image: ImageReference) async throws(HostError) {
        let operation = "pull \(image)"
        let problem = try await connection.queue(at: connection.pulls, for: operation) {
            () async throws(HostError) -> String? in
            let outcome: Result<String?, HostError>
            do throws(TransportFailure) {
                outcome = try await Deadline.within(Bounds.pull) { await progress(of: image, for: operation) }
            } catch {
                throw error.explained(operation, socket: connection.socket)
            }
            return try outcome.get()
        }
        if let problem { throw HostError(operation, .refused, String(problem.prefix(Bounds.words))) }
    }

    /// What went wrong by the engine's progress, read to its end; `nil` is nothing.
    private func progress(of image: ImageReference, for operation: String) async -> Result<String?, HostError> {
        let request = EngineRequest(
            .post, "/images/create", query: [("fromImage", image.tagged)], deadline: Bounds.pull)
        var problem: String?
        do throws(HostError) {
            try await connection.open(request, for: operation).lines(upTo: Bounds.pullBody) { line in
                do {
                    problem = try JSONDecoder().decode(PullProgress.self, from: Data(line)).error ?? problem
                } catch {
                    problem = problem ?? "the engine's progress is not JSON"
                }
                return .more
            }
            return .success(problem)
        } catch {
            // An image that is not there will not be there when asked again.
            let failure = error.failure == .stale ? .refused : error.failure
            return .failure(HostError(operation, failure, error.message))
        }
    }
}
