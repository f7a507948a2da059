internal import Foundation
package import Model
package import Reconciler

extension DockerEngine: ImageEngine {
    package func image(_ reference: ImageReference) async throws(HostError) -> String? {
        try await inspect(reference, for: "look for image \(reference)")?.id
    }

    func inspect(_ image: ImageReference, for operation: String) async throws(HostError) -> InspectedImage? {
        try await find("\(EngineRequest.path(of: image))/json", for: operation)
    }

    /// The engine checks an archive while it takes it in, after it has answered 200: what is wrong stands in the answer.
    package func load(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws(HostError) {
        let operation = "load images"
        let request = EngineRequest(
            .post, "/images/load", query: [("quiet", "1")], body: .upload(Upload(archive)), deadline: .zero)
        let names = try await connection.queue(at: connection.pulls, for: operation) { () async throws(HostError) in
            let outcome: Result<[String], HostError>
            do throws(TransportFailure) {
                outcome = try await Deadline.within(Bounds.load) { await load(request, for: operation) }
            } catch {
                throw error.explained(operation, socket: connection.socket)
            }
            return try outcome.get()
        }
        guard try await connection.kind(for: operation) == .podman else { return }
        for name in names {
            guard let request = Podman.naming(loaded: name) else { continue }
            let reply = try await connection.mutate(request, for: operation)
            guard reply.isSuccess else { throw EngineRefusal(reply).explained(operation) }
        }
    }

    /// The names that the engine says it has loaded.
    private func load(_ request: EngineRequest, for operation: String) async -> Result<[String], HostError> {
        var problem: String?
        var names: [String] = []
        do throws(HostError) {
            try await connection.open(request, for: operation).lines(upTo: Bounds.pullBody) { line in
                do {
                    let progress = try JSONDecoder().decode(BuildProgress.self, from: Data(line))
                    problem = progress.error ?? problem
                    names += Podman.names(inAnswer: progress.stream ?? "")
                } catch {
                    problem = problem ?? "the engine's answer is not JSON"
                }
                return .more
            }
        } catch {
            // Podman looks at the whole archive before it answers.
            guard error.message.contains(Podman.Refusal.badArchive.rawValue) else { return .failure(error) }
            problem = error.message
        }
        guard let problem else { return .success(names) }
        let words = "the archive cannot be loaded; make it again with docker save: \(problem.prefix(Bounds.words))"
        return .failure(HostError(operation, .refused, words))
    }

    /// Removes a name; its image and what that was built on go too where nothing else uses them.
    package func removeImage(_ reference: ImageReference) async throws(HostError) {
        let operation = "remove image \(reference)"
        guard let found = try await inspect(reference, for: operation) else { return }
        if let other = labels.otherOwner(ofImage: found.config?.labels) {
            throw HostError(operation, .refused, "it is of installation \(other)")
        }
        let reply = try await connection.mutate(
            EngineRequest(.delete, EngineRequest.path(of: reference)), for: operation)
        if reply.isSuccess || reply.status == 404 { return }
        let refusal = EngineRefusal(reply)
        throw HostError(operation, refusal.status == 409 ? .refused : refusal.failure, refusal.words)
    }
}
