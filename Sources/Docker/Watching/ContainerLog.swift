package import Model
internal import Reconciler

extension DockerEngine {
    /// What a container wrote, line by line: all of it, since a time, or its last `tail` lines; with `follow` also what it
    /// writes from now on. Ends when the container ends, or when its consumer stops; lines are read no faster than they
    /// are taken.
    ///
    /// Fails as ``HostError``: stale where the container is gone, refused where it has secret files, for what it repeats
    /// of them cannot be known.
    package func logs(
        of container: ContainerID, since: Timestamp? = nil, tail: Int? = nil, follow: Bool = false
    ) -> AsyncThrowingStream<ContainerLine, any Error> {
        let (stream, lines) = AsyncThrowingStream.makeStream(
            of: ContainerLine.self, bufferingPolicy: .bufferingOldest(Bounds.linesAhead))
        let feed = Task {  // SAFE: ends with the stream; its consumer is who waits for it
            do {
                try await read(container, since: since, tail: tail, follow: follow, to: lines)
                lines.finish()
            } catch {
                lines.finish(throwing: error)
            }
        }
        lines.onTermination = { _ in feed.cancel() }
        return stream
    }

    private func read(
        _ container: ContainerID, since: Timestamp?, tail: Int?, follow: Bool,
        to lines: AsyncThrowingStream<ContainerLine, any Error>.Continuation
    ) async throws(HostError) {
        let operation = "read the log of \(container)"
        guard let found = try await inspect(container.text, for: operation) else {
            throw HostError(operation, .stale, "it does not exist")
        }
        guard !Labels.mayHaveSecretFiles(found.config.labels) else {
            throw HostError(
                operation, .refused,
                "its output is not shown, for it has secret files; on the node, docker logs \(container) shows it")
        }
        var query = [("stdout", "1"), ("stderr", "1"), ("timestamps", "1"), ("follow", follow ? "1" : "0")]
        if let since { query.append(("since", since.engine)) }
        if let tail { query.append(("tail", String(max(0, tail)))) }
        let request = EngineRequest(
            .get, "/containers/\(found.id)/logs", query: query, deadline: follow ? .zero : Bounds.read)
        // Podman takes a time by its second only.
        let first = since?.milliseconds ?? .min
        var reader = ContainerLines(hasTerminal: found.config.hasTerminal ?? false, without: found.config.secrets)
        try await connection.open(request, for: operation).pieces { piece async throws(HostError) in
            for line in reader.read(piece) where line.at.milliseconds >= first {
                guard await offer(line, to: lines) else { return .enough }
            }
            return .more
        }
        for line in reader.finish() where line.at.milliseconds >= first {
            guard await offer(line, to: lines) else { return }
        }
    }

    /// Waits as long as as many lines wait as may; no when there is nobody who takes them any more.
    private func offer(
        _ line: ContainerLine, to lines: AsyncThrowingStream<ContainerLine, any Error>.Continuation
    ) async -> Bool {
        while true {
            switch lines.yield(line) {
            case .enqueued: return true
            case .terminated: return false
            case .dropped: break
            @unknown default: return false
            }
            do {
                try await Task.sleep(for: Bounds.slowReader)
            } catch {
                return false
            }
        }
    }
}
