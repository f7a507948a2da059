internal import Foundation
internal import Synchronization

/// Ports and networks, none of them given twice.
enum Places {
    private static let nextPort = Mutex<UInt16>(20_000)
    private static let nextNetwork = Mutex(0)

    /// So many free ports in a row, below those that the system gives to outgoing connections.
    static func ports(_ count: UInt16) throws -> ClosedRange<UInt16> {
        try nextPort.withLock { next in
            while next < 32_000 {
                let range = next...(next + count - 1)
                next += count
                if range.allSatisfy(isFree) { return range }
            }
            throw Trouble("no \(count) free ports in a row")
        }
    }

    /// A network for sixteen sandboxes.
    static func network() -> String {
        let number = nextNetwork.withLock { next in
            next += 1
            return next
        }
        return "10.211.\(number % 256).0/24"
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return Wire.withAddress(of: port) { bind(descriptor, $0, $1) } == 0
    }
}
