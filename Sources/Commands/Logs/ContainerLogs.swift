internal import Docker
internal import Model
internal import Reconciler

/// The logs of a sandbox's containers, together.
struct ContainerLogs {
    /// How often it is looked whether there is another container.
    private static let rhythm = Duration.seconds(1)

    let addressee: Addressee
    /// The machines on which its containers may be.
    let nodes: [LogNode]
    let selection: LogSelection
    /// Whether something is made for it here.
    let hasBuilds: Bool

    func show(on printer: LogPrinter) async throws {
        let speakers = try await speakers()
        guard !speakers.isEmpty || selection.follow else {
            throw Complaint(
                "\(addressee.description) has no container; berth status \(addressee.sandbox) says why\(hint)")
        }
        if speakers.isEmpty { Terminal.complain("\(addressee.description) has no container yet; it is waited for.") }
        await printer.announce(speakers.map(\.name))
        if selection.follow {
            try await follow(speakers, on: printer)
        } else {
            try await merge(speakers, on: printer)
        }
    }

    private var hint: String {
        hasBuilds ? ", and berth logs \(addressee.description) --build what its builds wrote" : ""
    }

    private struct Speaker: Sendable {
        let id: ContainerID
        let name: String
        let state: ObservedContainer.State
        let node: LogNode
    }

    /// Containers by service, and by the ends of their own names where a service has several: `account-g2`.
    private func speakers() async throws -> [Speaker] {
        var own: [(service: ServiceName, container: ObservedContainer, node: LogNode)] = []
        for node in nodes {
            for container in try await node.containers(addressee.sandbox) {
                guard let mark = container.ownership.mark, mark.sandbox == addressee.sandbox,
                    let service = mark.service, addressee.service.map({ $0 == service }) ?? true
                else { continue }
                own.append((service, container, node))
            }
        }
        let byService = Dictionary(grouping: own, by: \.service)
        return own.sorted { ($0.service, $0.container.name) < ($1.service, $1.container.name) }.map {
            service, container, node in
            let isOnly = byService[service]?.count == 1
            let ending = container.name.replacing("sandbox-\(addressee.sandbox)-", with: "", maxReplacements: 1)
            return Speaker(
                id: container.id, name: isOnly ? service.text : ending, state: container.state, node: node)
        }
    }

    /// In order of time. What one container cannot show is said, and takes nothing from the others.
    private func merge(_ speakers: [Speaker], on printer: LogPrinter) async throws {
        let sources = speakers.map { speaker in
            var lines = speaker.node.lines(
                speaker.id, LogSelection(since: selection.since, tail: selection.tail, follow: false)
            ).makeAsyncIterator()
            return LogMerge.Source(speaker: speaker.name) {
                try await lines.next(isolation: #isolation).map {
                    SpokenLine(speaker: speaker.name, at: $0.at, text: $0.text)
                }
            }
        }
        try await LogMerge.show(sources, on: printer)
    }

    private enum Event: Sendable {
        case timeToLook
        case ended(ContainerID, at: Timestamp)
        case readerGone
    }

    /// As they come, until Ctrl-C: also those of containers that come later, or begin again.
    private func follow(_ speakers: [Speaker], on printer: LogPrinter) async throws {
        try await withThrowingTaskGroup(of: Event.self) { group in
            var active = Set(speakers.map(\.id))
            var left: [ContainerID: Timestamp] = [:]
            for speaker in speakers {
                group.addTask { try await follow(speaker, selection, on: printer) }
            }
            group.addTask { try await Self.pause() }
            while let event = try await group.next() {
                switch event {
                case .readerGone: return group.cancelAll()
                case .ended(let id, let time):
                    active.remove(id)
                    left[id] = time
                case .timeToLook:
                    let now = try await self.speakers()
                    await printer.announce(now.map(\.name))
                    for speaker in now where !active.contains(speaker.id) {
                        guard left[speaker.id] == nil || speaker.state == .running else { continue }
                        active.insert(speaker.id)
                        let rest = LogSelection(since: left[speaker.id], tail: nil, follow: true)
                        group.addTask { try await follow(speaker, rest, on: printer) }
                    }
                    group.addTask { try await Self.pause() }
                }
            }
        }
    }

    private static func pause() async throws -> Event {
        try await Task.sleep(for: rhythm)  // SAFE: one bounded pause
        return .timeToLook
    }

    private func follow(
        _ speaker: Speaker, _ selection: LogSelection, on printer: LogPrinter
    ) async throws -> Event {
        let lines = speaker.node.lines(
            speaker.id, LogSelection(since: selection.since, tail: selection.tail, follow: true))
        do {
            for try await line in lines {
                let spoken = SpokenLine(speaker: speaker.name, at: line.at, text: line.text)
                guard await printer.show(spoken) else { return .readerGone }
            }
        } catch let error as HostError {
            Terminal.complain("\(speaker.name): \(error)")
        }
        return .ended(speaker.id, at: .now)
    }
}
