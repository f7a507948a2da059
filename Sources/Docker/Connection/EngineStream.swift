internal import AsyncHTTPClient
internal import NIOCore
internal import Reconciler

/// An answer that arrives piece by piece.
struct EngineStream: Sendable {
    let response: HTTPClientResponse
    let operation: String
    let socket: String

    /// Gives each line until the end, or until `take` says that it has enough.
    func lines(upTo total: Int? = nil, _ take: (ArraySlice<UInt8>) async -> Reading) async throws(HostError) {
        var pending: [UInt8] = []
        var count = 0
        try await pieces { piece async throws(HostError) in
            pending += piece
            count += piece.count
            var begin = pending.startIndex
            while let end = pending[begin...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = pending[begin..<end]
                if !line.isEmpty, await take(line) == .enough { return .enough }
                begin = end + 1
            }
            pending.removeSubrange(..<begin)
            guard pending.count <= Bounds.line, count <= total ?? .max else {
                throw HostError(operation, .unreachable, "the engine says more than Berth reads")
            }
            return .more
        }
        if !pending.isEmpty { _ = await take(pending[...]) }
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

    /// Gives the answer as it comes, until the end, or until `take` says that it has enough.
    func pieces(_ take: ([UInt8]) async throws(HostError) -> Reading) async throws(HostError) {
        do {
            for try await piece in response.body where try await take(Array(piece.readableBytesView)) == .enough {
                return
            }
        } catch let error as HostError {
            throw error
        } catch {
            throw TransportFailure(error).explained(operation, socket: socket)
        }
    }
}
