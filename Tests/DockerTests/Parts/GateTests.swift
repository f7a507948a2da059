import Model
import Reconciler
import Testing

@testable import Docker

@Suite struct GateTests {
    @Test func `no more than its width are inside, and the rest go in the order they came`() async {
        let gate = Gate(width: 3)
        let state = Shared((inside: 0, most: 0, order: [Int]()))
        await withTaskGroup(of: Void.self) { group in
            let (opened, open) = AsyncStream.makeStream(of: Void.self)
            for number in 0..<3 {
                group.addTask {
                    _ = await gate.pass { for await _ in opened where number < 0 {} }
                }
            }
            while await gate.free > 0 { await Task.yield() }
            for number in 0..<20 {
                group.addTask {
                    _ = await gate.pass {
                        state.withLock {
                            $0.inside += 1
                            $0.most = max($0.most, $0.inside)
                            $0.order.append(number)
                        }
                        await Task.yield()
                        state.withLock { $0.inside -= 1 }
                    }
                }
                while await gate.queueLength <= number { await Task.yield() }
            }
            open.finish()
        }
        #expect(state.withLock { $0.most } <= 3)
        #expect(state.withLock { $0.order.sorted() } == Array(0..<20))
        #expect(state.withLock { $0.order.first } == 0)
        #expect(await gate.free == 3)
    }

    @Test func `who is cancelled while waiting leaves the queue, and the place is not lost`() async {
        let gate = Gate(width: 1)
        await withTaskGroup(of: Void.self) { group in
            let (opened, open) = AsyncStream.makeStream(of: Void.self)
            group.addTask { _ = await gate.pass { for await _ in opened {} } }
            while await gate.free > 0 { await Task.yield() }
            await withTaskGroup(of: Bool.self) { waiting in
                for _ in 0..<5 { waiting.addTask { await gate.pass { true } ?? false } }
                while await gate.queueLength < 5 { await Task.yield() }
                waiting.cancelAll()
                for await passed in waiting { #expect(!passed) }
            }
            #expect(await gate.queueLength == 0)
            open.finish()
        }
        #expect(await gate.free == 1)
        #expect(await gate.pass { 7 } == 7)
    }
}
