import AgentProtocol
import AgentTransport
import Foundation
import Logging
import Model
import Synchronization

/// A folder of one test, gone with it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "berth-link-\(UUID().uuidString)")
        path = folder.path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        // A folder that stays behind fails no test.
        try? FileManager.default.removeItem(atPath: path)  // SAFE: nothing depends on it
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A clock that a test sets.
final class HandClock: Sendable {
    private let time: Mutex<Timestamp>

    init(_ time: Timestamp = machineTime()) { self.time = Mutex(time) }

    var read: TimeOfDay { { self.time.withLock { $0 } } }

    func advance(by seconds: Int64) {
        time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + seconds * 1000) }
    }
}

/// Counts what happens in several tasks.
final class Count: Sendable {
    private let value = Mutex(0)

    var number: Int { value.withLock { $0 } }

    func add() { value.withLock { $0 += 1 } }
}

struct Impatience: Error, CustomStringConvertible {
    let description: String
}

/// Ends a test that waits for what never comes.
func within<Value: Sendable>(
    _ time: Duration = .seconds(60), _ what: String = "it", _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: time)
            throw Impatience(description: "\(what) took longer than \(time)")
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

/// A controller that listens on a port of its own, until the work is done.
func withListener<Value: Sendable>(
    _ authority: Authority, at address: HostPort = HostPort(host: "127.0.0.1", port: 0),
    session: @escaping @Sendable (Peer, LinkToAgent) async -> Void = echo,
    _ work: @escaping @Sendable (HostPort) async throws -> Value
) async throws -> Value {
    let (addresses, told) = AsyncStream.makeStream(of: HostPort.self)
    let listener = AgentListener(
        address, authority: authority, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask {
            defer { told.finish() }
            try await listener.run(bound: { told.yield($0) }, session: session)
            return nil
        }
        group.addTask {
            for await address in addresses { return try await work(address) }
            return nil
        }
        defer { group.cancelAll() }
        while let next = try await group.next() {
            if let value = next { return value }
        }
        throw Impatience(description: "the listener ended before the work was done")
    }
}

/// A controller that answers beats with beats, and lines with how many they were.
@Sendable func echo(_ peer: Peer, _ link: LinkToAgent) async {
    do {
        while let frame = try await link.receive() {
            switch frame {
            case .beat(let beat): try await link.send(.beat(beat))
            case .lines(let lines): try await link.send(.refusal("\(lines.lines.count) lines for \(peer.node)"))
            default: return
            }
        }
    } catch {}
}

func beat(_ number: UInt64) -> Beat { Beat(number: number, now: Timestamp(milliseconds: 0)) }

func lines(_ count: Int, of bytes: Int) throws -> AgentFrame {
    let piece = try Workpiece.ID("web").unwrapped()
    let line = String(repeating: "x", count: bytes)
    return .lines(LogLines(piece: piece, first: 0, lines: Array(repeating: line, count: count)))
}

extension Optional {
    func unwrapped() throws -> Wrapped {
        guard let self else { throw Impatience(description: "there is no \(Wrapped.self)") }
        return self
    }
}

/// The error that the work ends with; `nil` where it ends well.
func failure(of work: () async throws(LinkError) -> Void) async -> LinkError? {
    do throws(LinkError) {
        try await work()
        return nil
    } catch {
        return error
    }
}

func failure(of work: () throws(LinkError) -> Void) -> LinkError? {
    do throws(LinkError) {
        try work()
        return nil
    } catch {
        return error
    }
}

/// An authority, and agents that have joined.
struct Harbour: Sendable {
    let scratch: Scratch
    let clock: HandClock
    let authority: Authority
    let lifetimes: Lifetimes

    init(lifetimes: Lifetimes = .standard) throws {
        scratch = try Scratch()
        clock = HandClock()
        self.lifetimes = lifetimes
        authority = try Authority.open(folder: scratch.file("agents"), lifetimes: lifetimes, now: clock.read)
    }

    var now: Timestamp { clock.read() }

    func token(for node: String, lasting time: Duration = .seconds(3600)) throws -> Secret<String> {
        try authority.invite(try NodeName(node), for: time, at: now).token
    }

    /// Nothing is in it yet.
    func credentials(_ folder: String, now: TimeOfDay? = nil) throws -> AgentCredentials {
        try AgentCredentials(folder: scratch.file(folder), lifetimes: lifetimes, now: now ?? clock.read)
    }

    /// A session. A machine under load may take longer than one attempt.
    func dial(_ credentials: AgentCredentials, at address: HostPort) async throws -> LinkToController {
        let dialer = AgentDialer(address, credentials: credentials)
        for _ in 0..<3 {
            do {
                return try await dialer.dial()
            } catch {
                guard "\(error)".contains("did not answer within") else { throw error }
            }
        }
        return try await dialer.dial()
    }

    func joined(_ node: String, at address: HostPort) async throws -> AgentCredentials {
        let credentials = try credentials("agent-\(node)")
        try await credentials.join(try token(for: node), at: address)
        return credentials
    }
}
