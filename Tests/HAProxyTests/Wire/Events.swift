internal import Dispatch
internal import Synchronization

/// Server-sent events whose moments a test chooses.
final class Events: Sendable {
    private let words = Mutex<[String?]>([])
    private let count = DispatchSemaphore(value: 0)

    /// Whether events come as chunks, as most servers send them; otherwise the stream ends with its connection alone.
    private let isChunked: Bool

    init(isChunked: Bool = true) { self.isChunked = isChunked }

    func send(_ event: String) { push(event) }

    /// Closes the stream, and the connection with it.
    func end() { push(nil) }

    private func push(_ event: String?) {
        words.withLock { $0.append(event) }
        count.signal()
    }

    /// What a ``Recorder`` answers: a stream without a length, until a minute passes without an event.
    var answer: @Sendable (Recorder.Request, RawConnection) -> Bool {
        { request, connection in
            guard request.path.hasSuffix("/events") else { return Recorder.greets(request, connection) }
            let framing = self.isChunked ? "transfer-encoding: chunked\r\n" : ""
            connection.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\(framing)\r\n")
            while self.count.wait(timeout: .now() + 60) == .success {
                let event = self.words.withLock { $0.removeFirst() }.map { "data: \($0)\n\n" }
                guard let event else { return self.isChunked && connection.send("0\r\n\r\n") }
                let size = String(event.utf8.count, radix: 16)
                guard connection.send(self.isChunked ? "\(size)\r\n\(event)\r\n" : event) else { return false }
            }
            return false
        }
    }
}
