internal import Glibc
internal import Model
internal import Reconciler
internal import Subprocess

/// The program that fetches: it is given the mirror as its last argument and the address on its standard input, for
/// command lines are public and an address may hold a password. It does ``GitFetch/child(mirror:)`` and nothing else.
///
/// It is a process of its own because libgit2 waits for a silent server without end: at the deadline it is killed.
package struct FetchCommand: Sendable {
    /// Bytes of the child's answer; it cuts its own message far below.
    private static let longestAnswer = 64 << 10

    /// An absolute path.
    package let executable: String
    package let arguments: [String]

    package init(executable: String, arguments: [String]) {
        self.executable = executable
        self.arguments = arguments
    }

    private enum Ending: Sendable {
        case exited(Int32, answer: String)
        case signaled(Int32)
        case notStarted(String)
        case late
        case cancelled
    }

    func run(
        _ url: Secret<String>, from location: GitLocation, into mirror: String, deadline: Duration
    ) async -> Result<Void, SourceError> {
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await spawn(url, into: mirror) }
            group.addTask {
                do {
                    try await Task.sleep(for: deadline)
                    return .late
                } catch {
                    return .cancelled
                }
            }
            let first = await group.next() ?? .cancelled
            // Kills the child where it still runs; the group ends when it is gone.
            group.cancelAll()
            return first
        }
        let operation = "fetch \(location)"
        let who = location.host ?? "the repository"
        return switch Task.isCancelled ? .cancelled : ending {
        case .exited(0, _): .success(())
        case .exited(let code, let answer):
            .failure(
                SourceError(operation, SourceError.Failure(exitCode: code), answered(code, location.redact(answer))))
        case .signaled(let signal):
            .failure(SourceError(operation, .unreachable, "the fetching process was ended by signal \(signal)"))
        case .notStarted(let why):
            .failure(SourceError(operation, .refused, "\(executable) could not be started: \(why)"))
        case .late:
            .failure(SourceError(operation, .unreachable, "\(who) did not answer in full within \(deadline.inSeconds)"))
        case .cancelled: .failure(SourceError(operation, .unreachable, "the fetch was given up"))
        }
    }

    private func answered(_ code: Int32, _ answer: String) -> String {
        answer.isEmpty ? "\(executable) exited with \(code) and gave no reason" : answer
    }

    private func spawn(_ url: Secret<String>, into mirror: String) async -> Ending {
        guard let input = pipe(holding: Array((url.reveal() + "\n").utf8)) else {
            return .notStarted("no pipe could be made for its input")
        }
        var options = PlatformOptions()
        options.createSession = true
        // Straight to the kill, and to the whole group: a fetch leaves nothing that the next one does not mend.
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100))
        ]
        do {
            let result = try await Subprocess.run(
                .path(literal(executable)), arguments: Arguments(arguments + [mirror]), platformOptions: options,
                input: .fileDescriptor(raw(input), closeAfterSpawningProcess: true),
                output: .string(limit: Self.longestAnswer), error: .discarded)
            switch result.terminationStatus {
            case .exited(let code): return .exited(code, answer: result.standardOutput)
            case .signaled(let signal): return .signaled(signal)
            }
        } catch {
            return .notStarted("\(error)")
        }
    }
}

/// The reading end of a pipe that was filled and closed: the child reads to the end whenever it likes, and no write
/// of ours can meet a child that is gone and raise SIGPIPE. An address is shorter than what every pipe holds.
private func pipe(holding bytes: [UInt8]) -> Int32? {
    guard let pipe = openPipe() else { return nil }
    defer { close(pipe.writing) }
    guard bytes.count <= GitFetch.longestAddress, write(pipe.writing, bytes, bytes.count) == bytes.count else {
        close(pipe.reading)
        return nil
    }
    return pipe.reading
}

// Subprocess takes a path and a descriptor in types of swift-system, which is no dependency of ours; its protocols
// are enough to make them.
private func literal<Path: ExpressibleByStringLiteral>(_ text: String) -> Path
where Path.StringLiteralType == String { Path(stringLiteral: text) }

private func raw<Descriptor: RawRepresentable<Int32>>(_ number: Int32) -> Descriptor {
    guard let descriptor = Descriptor(rawValue: number) else { preconditionFailure("no descriptor \(number)") }
    return descriptor
}

extension Duration {
    fileprivate var inSeconds: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
