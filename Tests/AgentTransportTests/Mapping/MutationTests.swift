import AgentProtocol
import Model
import Reconciler
import TestSupport
import Testing

@testable import AgentTransport

@Suite("Damaged frames")
struct MutationTests {
    /// Damaged frames of each seed, of either direction.
    private static let frames = 600

    @Test(
        "Flipped, cut and shuffled bytes are read as another frame or refused, and nothing else",
        arguments: 0..<20 as Range<UInt64>)
    func damage(seed: UInt64) {
        var source = RandomFrames(seed: seed)
        var (read, refused) = (0, 0)
        for number in 0..<Self.frames {
            let agent = Self.damaged(FrameCoding.encode(source.agentFrame(number % 8)), &source.random)
            if let frame = attempt({ () throws(LinkError) in try FrameCoding.agentFrame(agent) }) {
                read += 1
                let bytes = FrameCoding.encode(frame)
                #expect(attempt { () throws(LinkError) in try FrameCoding.agentFrame(bytes) } == frame)
            } else {
                refused += 1
            }
            let controller = Self.damaged(FrameCoding.encode(source.controllerFrame(number % 7)), &source.random)
            if let received = attempt({ () throws(LinkError) in try FrameCoding.controllerFrame(controller) }) {
                read += 1
                guard case .frame(let frame) = received else { continue }
                let bytes = FrameCoding.encode(frame)
                #expect(attempt { () throws(LinkError) in try FrameCoding.controllerFrame(bytes) } == received)
            } else {
                refused += 1
            }
        }
        // Damage that is never noticed, or always, proves nothing.
        #expect(read > Self.frames / 10)
        #expect(refused > Self.frames / 10)
    }

    private func attempt<Frame>(_ decode: () throws(LinkError) -> Frame) -> Frame? {
        do {
            return try decode()
        } catch {
            #expect(error.failure == .malformed)
            return nil
        }
    }

    private static func damaged(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0..<3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeSubrange(at...)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
            default:
                let end = min(bytes.count, at + Int.random(in: 1...40, using: &random))
                bytes.append(contentsOf: bytes[at..<end])
            }
        }
        return bytes
    }

    @Test("A frame of more bytes than one may have is refused before it is read")
    func tooLong() {
        let error = #expect(throws: LinkError.self) {
            try FrameCoding.agentFrame([UInt8](repeating: 0, count: Bounds.frame + 1))
        }
        #expect(error?.message == "a frame of 33554433 bytes came, and 33554432 is the most that one may have")
    }

    /// `field` of length `count`, around `bytes`.
    private static func wrapped(_ bytes: [UInt8], in field: UInt8) -> [UInt8] {
        var (length, count) = ([UInt8](), bytes.count)
        while count > 0x7f {
            length.append(UInt8(count & 0x7f) | 0x80)
            count >>= 7
        }
        return [field << 3 | 2] + length + [UInt8(count)] + bytes
    }

    @Test(
        "Values of two bytes are counted before they become hundreds in memory",
        arguments: [[5, 1], [2, 2, 2, 2], [2, 2, 2, 3], [2, 2, 2, 2, 10], [1, 7]] as [[UInt8]])
    func bombs(path: [UInt8]) {
        let element = path[path.count - 1] << 3 | 2
        var bytes = [UInt8](repeating: 0, count: 3 << 20)
        for index in stride(from: 0, to: bytes.count, by: 2) { bytes[index] = element }
        for field in path.dropLast().reversed() { bytes = Self.wrapped(bytes, in: field) }
        let error = #expect(throws: LinkError.self) { try FrameCoding.agentFrame(bytes) }
        #expect(error?.message == "a frame came that holds more than 1000000 values")
    }

    @Test("A long text is one value, whatever is in it")
    func longText() throws {
        for text in ["0", "H\n", "a line of a log\n", "\u{1b}[0m done\n"] {
            let frame = AgentFrame.tail(
                QuestionID(1),
                .lines([
                    TimedLine(
                        at: Timestamp(milliseconds: 0), text: String(repeating: text, count: (3 << 20) / text.count))
                ]))
            #expect(try FrameCoding.agentFrame(FrameCoding.encode(frame)) == frame)
        }
    }

    @Test("Endless nesting is refused")
    func nesting() {
        var bytes: [UInt8] = []
        for _ in 0..<10_000 { bytes = Self.wrapped(bytes, in: 2) }
        #expect(throws: LinkError.self) { try FrameCoding.agentFrame(bytes) }
    }
}
