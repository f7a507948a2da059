internal import Glibc
package import Reconciler

/// What the fetching process does in its own address space.
package enum GitFetch {
    /// Whatever its parent does or forgets, the child is gone after this: no deadline of a fetch may be longer.
    package static let longestLife: Duration = .seconds(1800)
    /// Bytes of a list of references: some 100,000 of them.
    static let longestList = 8 << 20
    private static let longestMessage = 4096

    /// Brings the branches and tags of `url` into the bare repository `mirror`, which is made where there is none;
    /// what is gone there goes here.
    package static func run(url: String, into mirror: String) throws(SourceError) {
        _ = try perform(FetchOrder(work: .fetch(GitLocation(url), Login(pins: mirror)), folder: mirror))
    }

    /// The whole of the fetching process: an order from standard input; its answer on standard output, or one sentence
    /// where it failed. Gives the exit code by which the parent knows the failure.
    package static func child(mirror: String) -> Int32 {
        Lifeline.begin()
        // What it knows must not be written down when it dies, and what it writes is for more users than ours.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        umask(0o022)
        guard let order = FetchOrder(decoding: readOrder(), folder: mirror) else {
            writeAnswer("what the fetching process was asked is nothing it knows")
            return SourceError.Failure.refused.exitCode
        }
        do throws(SourceError) {
            writeAnswer(try perform(order))
            return 0
        } catch {
            writeAnswer(String(decoding: error.message.utf8.prefix(longestMessage), as: UTF8.self))
            return error.failure.exitCode
        }
    }

    private static func perform(_ order: FetchOrder) throws(SourceError) -> String {
        do throws(SourceError) {
            switch order.work {
            case .fetch(let location, let login):
                try Remote(location, login).fetch(into: order.folder)
                return ""
            case .list(let location, let login):
                let list = try Remote(location, login).references().map { "\($0.commit) \($0.name)\n" }.joined()
                guard list.utf8.count <= longestList else {
                    throw SourceError(
                        order.operation, .refused,
                        "its branches and tags do not fit into \(longestList >> 20) MiB; delete those nobody needs")
                }
                return list
            case .checkout(let commit, let folder):
                try Repository(at: order.folder).checkout(commit, into: folder)
                return ""
            }
        } catch {
            throw SourceError(order.operation, error.failure, order.redact(error.message))
        }
    }

    private static func readOrder() -> [UInt8] {
        var input: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        // Whoever writes the end before its time is not understood, and nothing worse.
        while input.count <= FetchOrder.longest, !input.suffix(FetchOrder.end.count).elementsEqual(FetchOrder.end) {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            guard count > 0 else { break }
            input += chunk[..<count]
        }
        return input
    }

    /// The reader may be gone; then there is nobody to tell.
    private static func writeAnswer(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

extension SourceError.Failure {
    /// Between the child and its parent; above what argument parsers and shells use.
    var exitCode: Int32 {
        switch self {
        case .unreachable: 81
        case .missing: 82
        case .refused: 83
        }
    }

    /// What the child died of otherwise is nothing that waiting mends.
    init(exitCode: Int32) {
        self = [Self.unreachable, .missing].first { $0.exitCode == exitCode } ?? .refused
    }
}
