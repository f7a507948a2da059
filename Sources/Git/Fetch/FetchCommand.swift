internal import Glibc
internal import Model
internal import Reconciler
internal import Subprocess

/// The program that does what may hang: it is given the mirror as its last argument and everything else on its
/// standard input, for command lines are public and what it is told may hold a password. It does
/// ``GitFetch/child(mirror:)`` and nothing else.
///
/// It is a process of its own because libgit2 waits for a silent server without end: at the deadline it is killed.
package struct FetchCommand: Sendable {
    /// Bytes of the child's answer, which cuts what it says itself.
    private static let longestAnswer = GitFetch.longestList + (64 << 10)
    /// What the child is given of our environment; a secret that is kept there is ours alone.
    private static let inherited = [
        "ALL_PROXY", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG", "LD_LIBRARY_PATH", "NO_PROXY", "PATH",
        "SSH_AUTH_SOCK", "TMPDIR", "TZ", "XDG_CONFIG_HOME", "all_proxy", "http_proxy", "https_proxy", "no_proxy",
    ]

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

    /// Gives the answer of the child. To cancel the task kills it with all it started.
    func run(_ order: FetchOrder, deadline: Duration) async -> Result<String, SourceError> {
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await spawn(order) }
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
        let who = order.counterpart
        func failure(_ failure: SourceError.Failure, _ message: String) -> Result<String, SourceError> {
            .failure(SourceError(order.operation, failure, message))
        }
        return switch Task.isCancelled ? .cancelled : ending {
        case .exited(0, let answer): .success(answer)
        case .exited(let code, let answer):
            failure(SourceError.Failure(exitCode: code), answered(code, order.redact(answer)))
        case .signaled(Lifeline.signal):
            failure(.unreachable, "\(who) said nothing for \(Lifeline.longestSilence.inSeconds)")
        case .signaled(let signal): failure(.unreachable, "the fetching process was ended by signal \(signal)")
        case .notStarted(let why): failure(.refused, "\(executable) could not be started: \(why)")
        case .late: failure(.unreachable, "\(who) did not answer in full within \(deadline.inSeconds)")
        case .cancelled: failure(.unreachable, "it was given up")
        }
    }

    private func answered(_ code: Int32, _ answer: String) -> String {
        answer.isEmpty ? "\(executable) exited with \(code) and gave no reason" : answer
    }

    private func spawn(_ order: FetchOrder) async -> Ending {
        let bytes = order.encoded()
        guard bytes.count <= FetchOrder.longest else {
            return .notStarted("its address and credential have more than \(FetchOrder.longest >> 10) KiB")
        }
        guard let input = pipe(holding: bytes) else { return .notStarted("no pipe could be made for its input") }
        var options = PlatformOptions()
        options.createSession = true
        // Straight to the kill, and to the whole group: a fetch leaves nothing that the next one does not mend.
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100))
        ]
        do {
            let result = try await Subprocess.run(
                .path(literal(executable)), arguments: Arguments(arguments + [order.folder]),
                environment: .custom(Self.environment), platformOptions: options,
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

    private static var environment: [Environment.Key: String] {
        var environment: [Environment.Key: String] = [:]
        for name in inherited {
            if let value = getenv(name) { environment[literal(name)] = String(cString: value) }
        }
        return environment
    }
}

/// The reading end of a pipe that was filled and closed: the child reads to the end whenever it likes, and no write
/// of ours can meet a child that is gone and raise SIGPIPE.
private func pipe(holding bytes: [UInt8]) -> Int32? {
    guard let pipe = openPipe() else { return nil }
    defer { close(pipe.writing) }
    guard write(pipe.writing, bytes, bytes.count) == bytes.count else {
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
    var inSeconds: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
    }
}
