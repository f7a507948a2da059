internal import Foundation
internal import Glibc

/// What this machine takes for the least that an action consists of, whoever does it. In milliseconds.
struct Floors: Sendable, Codable {
    /// A write of one page, forced to the disk below the same folder. An order is entered with one, and ended with one.
    let forcedWrite: Spread
    /// 64 bytes over loopback and back, by two threads that block.
    let roundTrip: Spread

    private static let pageBytes = 4096
    private static let messageBytes = 64

    init(in folder: String, rounds: Int) throws {
        forcedWrite = try Self.forcedWrites(in: folder, rounds)
        roundTrip = try Self.roundTrips(rounds)
    }

    private static func forcedWrites(in folder: String, _ rounds: Int) throws -> Spread {
        let path = "\(folder)/floor"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw BenchError("cannot write \(path)") }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 7, count: pageBytes)
        return Spread(
            try (0..<rounds).map { round in
                try ContinuousClock().measure {
                    // Over the same pages again and again, as a write-ahead log does.
                    let place = off_t(round % 64 * pageBytes)
                    guard pwrite(file, page, page.count, place) == page.count, fdatasync(file) == 0 else {
                        throw BenchError("\(path) cannot be forced to the disk")
                    }
                }.milliseconds
            })
    }

    private static func roundTrips(_ rounds: Int) throws -> Spread {
        let (here, there) = try connection()
        let echo = Thread {
            var bytes = [UInt8](repeating: 0, count: messageBytes)
            while read(there, &bytes, bytes.count) == bytes.count, write(there, bytes, bytes.count) == bytes.count {}
            close(there)
        }
        echo.start()
        defer { close(here) }
        var bytes = [UInt8](repeating: 7, count: messageBytes)
        return Spread(
            try (0..<rounds).map { _ in
                try ContinuousClock().measure {
                    guard write(here, bytes, bytes.count) == bytes.count, read(here, &bytes, bytes.count) == bytes.count
                    else { throw BenchError("loopback lost a message") }
                }.milliseconds
            })
    }

    /// Both ends of a TCP connection.
    private static func connection() throws -> (Int32, Int32) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let (listener, here) = (socket(AF_INET, kind, 0), socket(AF_INET, kind, 0))
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, size) == 0, listen(listener, 1) == 0 else { return Int32(-1) }
                guard getsockname(listener, address, &size) == 0 else { return Int32(-1) }
                return connect(here, address, size)
            }
        }
        let there = status == 0 ? accept(listener, nil, nil) : -1
        guard there >= 0 else { throw BenchError("loopback cannot be used") }
        var yes: Int32 = 1
        for end in [here, there] {
            setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        return (here, there)
    }
}
