internal import AsyncHTTPClient
internal import NIOCore
internal import Reconciler

/// An answer that arrives piece by piece.
struct EngineStream: Sendable {
    let response: HTTPClientResponse
    let operation: String
    let socket: String

    /// Gives each line until the end, or until `take` says that it has enough.
    func lines(upTo total: Int? = nil, _ take: (ArraySlice<UInt8>) -> Reading) async throws(HostError) {
        var pending: [UInt8] = []
        var count = 0
        try await pieces { piece throws(HostError) in
            pending += piece
            count += piece.count
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[..<end]
                if !line.isEmpty, take(line) == .enough { return .enough }
                pending.removeSubrange(...end)
            }
            guard pending.count <= Bounds.line, count <= total ?? .max else {
                throw HostError(operation, .unreachable, "the engine says more than Berth reads")
            }
            return .more
        }
        if !pending.isEmpty { _ = take(pending[...]) }
    }

    /// The first bytes, at most `limit`; the rest is left unread.
    func beginning(_ limit: Int, within deadline: Duration) async throws(HostError) -> [UInt8] {
        do throws(TransportFailure) {
            return try await Deadline.within(deadline) {
                var bytes: [UInt8] = []
                for try await piece in response.body {
                    bytes += piece.readableBytesView.prefix(limit - bytes.count)
                    if bytes.count >= limit { break }
                }
                return bytes
            }
        } catch {
            throw error.explained(operation, socket: socket)
        }
    }

    enum Reading { case more, enough }

    private func pieces(_ take: ([UInt8]) throws(HostError) -> Reading) async throws(HostError) {
        do {
            for try await piece in response.body where try take(Array(piece.readableBytesView)) == .enough {
                return
            }
        } catch let error as HostError {
            throw error
        } catch {
            throw TransportFailure(error).explained(operation, socket: socket)
        }
    }
}
