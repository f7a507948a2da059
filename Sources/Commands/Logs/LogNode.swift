internal import AgentProtocol
internal import Docker
internal import Model
internal import Reconciler

/// One machine whose containers are listened to: this one by its engine, another one through the controller that runs
/// here.
struct LogNode: Sendable {
    let containers: @Sendable (SandboxName) async throws -> [ObservedContainer]
    let lines: @Sendable (ContainerID, LogSelection) -> AsyncThrowingStream<ContainerLine, any Error>

    init(_ engine: DockerEngine) {
        containers = { try await engine.survey($0).containers }
        lines = { id, selection in
            engine.logs(of: id, since: selection.since, tail: selection.tail, follow: selection.follow)
        }
    }

    init(_ node: NodeName, through look: RemoteLook) {
        containers = { sandbox in
            try await look.observer(of: node).observe(Inquiry(sandbox: sandbox)).containers
        }
        lines = { id, selection in
            let feed = RemoteFeed(node, id, selection, through: look)
            return AsyncThrowingStream { try await feed.next() }
        }
    }
}

/// The end of a log of another machine, asked for again and again where it is followed.
private actor RemoteFeed {
    private static let rhythm = Duration.seconds(1)
    /// Lines asked for at once; where more are written between two questions, the rest is left out and said.
    private static let most = 2000
    /// Lines of a log that is shown once.
    private static let mostOnce = 10_000

    private let node: NodeName
    private let id: ContainerID
    private let selection: LogSelection
    private let look: RemoteLook
    private var ready: ArraySlice<ContainerLine> = []
    /// The last lines that were shown: what is new comes after them.
    private var shown: [ContainerLine] = []
    private var isBegun = false

    init(_ node: NodeName, _ id: ContainerID, _ selection: LogSelection, through look: RemoteLook) {
        self.node = node
        self.id = id
        self.selection = selection
        self.look = look
    }

    func next() async throws -> ContainerLine? {
        while !Task.isCancelled {
            if let line = ready.popFirst() { return line }
            guard isBegun else {
                isBegun = true
                ready = try await ask(lines: selection.tail.map { min($0, Self.mostOnce) } ?? Self.mostOnce)[...]
                continue
            }
            guard selection.follow else { return nil }
            try await Task.sleep(for: Self.rhythm)  // SAFE: one bounded pause
            do {
                ready = try await ask(lines: Self.most)[...]
            } catch let error as HostError where error.failure == .stale {
                // Its container is gone; the one that follows it is found by who asks for containers.
                return nil
            }
        }
        return nil
    }

    private func ask(lines: Int) async throws -> [ContainerLine] {
        let all = try await look.tail(node, id, lines: lines).map {
            ContainerLine(at: $0.at, stream: .output, text: $0.text)
        }
        let fresh = LogOverlap.new(in: all, after: shown)
        if !fresh.isEmpty { shown = Array((shown + fresh).suffix(Self.most)) }
        return fresh.filter { line in selection.since.map { line.at >= $0 } ?? true }
    }
}

/// Where one reading of the end of a log goes on after another.
enum LogOverlap {
    /// The lines of `lines` that come after those that were seen, by their times; of one moment, as many as are more.
    static func new(in lines: [ContainerLine], after seen: [ContainerLine]) -> [ContainerLine] {
        guard let last = seen.last else { return lines }
        let before = seen.count { $0.at == last.at }
        var atOnce = 0
        return lines.filter { line in
            guard line.at == last.at else { return line.at > last.at }
            atOnce += 1
            return atOnce > before
        }
    }
}
