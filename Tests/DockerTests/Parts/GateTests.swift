import Model
import Reconciler
import Testing

@testable import Docker

@Suite struct GateTests {
    @Test func `no more than its width are inside`() async {
        let state = Shared((inside: 0, most: 0))
        let numbers = await numbers(through: Gate(width: 3), width: 3) {
            state.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
            await Task.yield()
            state.withLock { $0.inside -= 1 }
        }
        #expect(state.withLock { $0.most } <= 3)
        // Three go in side by side: which of them is the first to say so is not the gate's to decide.
        #expect(numbers.sorted() == Array(0..<20))
    }

    @Test func `those who wait go in the order they came`() async {
        // One place, so that nobody goes in before the one ahead is out.
        #expect(await numbers(through: Gate(width: 1), width: 1) {} == Array(0..<20))
    }

    /// Fills the gate, has twenty more wait in order of their numbers, lets all go, and says in which order they did
    /// `work` inside.
    private func numbers(
        through gate: Gate, width: Int, _ work: @escaping @Sendable () async -> Void
    ) async -> [Int] {
        let order = Shared([Int]())
        await withTaskGroup(of: Void.self) { group in
            let (opened, open) = AsyncStream.makeStream(of: Void.self)
            for _ in 0..<width { group.addTask { _ = await gate.pass { for await _ in opened {} } } }
            while await gate.free > 0 { await Task.yield() }
            for number in 0..<20 {
                group.addTask {
                    _ = await gate.pass {
                        order.withLock { $0.append(number) }
                        await work()
                    }
                }
                while await gate.queueLength <= number { await Task.yield() }
            }
            open.finish()
        }
        #expect(await gate.free == width)
        return order.withLock { $0 }
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
