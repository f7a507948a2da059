import NIOCore
import Reconciler
import Testing

@testable import Docker

@Suite struct UploadTests {
    @Test func `pieces are given as they are, but for empty ones, which would end the body`() async throws {
        var parts: [[UInt8]] = [[1, 2], [], [3], []].reversed()
        let (stream, pieces) = AsyncThrowingStream.makeStream(of: [UInt8].self, throwing: (any Error).self)
        while let part = parts.popLast() { pieces.yield(part) }
        pieces.finish()
        var seen: [[UInt8]] = []
        for try await buffer in Upload(stream) { seen.append(Array(buffer.readableBytesView)) }
        #expect(seen == [[1, 2], [3]])
    }

    @Test func `an end that comes of being cancelled is an error, for what was sent is not the whole`() async {
        let (stream, pieces) = AsyncThrowingStream.makeStream(of: [UInt8].self, throwing: (any Error).self)
        pieces.yield([1])
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    for try await _ in Upload(stream) { begin.finish() }
                }
            }
            for await _ in begun {}
            group.cancelAll()
        }
        pieces.finish()
    }
}
