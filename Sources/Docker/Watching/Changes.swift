internal import Foundation
internal import Model
package import Reconciler

extension DockerEngine {
    package func changes() -> AsyncStream<Hint> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Hint.self, bufferingPolicy: .bufferingNewest(Bounds.hints))
        let feed = Task { await watch(continuation) }  // SAFE: ends with the stream; its consumer is who waits for it
        continuation.onTermination = { _ in feed.cancel() }
        return stream
    }

    /// Follows the engine's events until cancelled or shut down.
    private func watch(_ hints: AsyncStream<Hint>.Continuation) async {
        // One bell that rang and was not heard yet stands for all the others.
        let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup { group in
            group.addTask { await hintOfImages(when: bells, to: hints) }
            await follow(hints, images: bell)
            group.cancelAll()
        }
        hints.finish()
    }

    /// At once for the first change, and once more for all that follow it closely.
    private func hintOfImages(when bells: AsyncStream<Void>, to hints: AsyncStream<Hint>.Continuation) async {
        for await _ in bells {
            hints.yield(.everything)
            do {
                try await Task.sleep(for: Bounds.betweenImageHints)
            } catch {
                return
            }
        }
    }

    /// A lost connection is made again.
    private func follow(
        _ hints: AsyncStream<Hint>.Continuation, images: AsyncStream<Void>.Continuation
    ) async {
        var delay = Bounds.firstReconnect
        while !Task.isCancelled {
            do throws(HostError) {
                let stream = try await connection.open(events, for: "follow the engine's events")
                delay = Bounds.firstReconnect
                hints.yield(.everything)
                try await stream.lines { line in
                    switch meaning(of: line) {
                    case .hint(let hint): hints.yield(hint)
                    case .images: images.yield()
                    case nil: break
                    }
                    return .more
                }
            } catch {
                // What was missed meanwhile is in the next `.everything`.
                if await connection.isShutDown { break }
            }
            do {
                try await Task.sleep(for: delay)
            } catch {
                break
            }
            delay = min(delay * 2, Bounds.lastReconnect)
        }
    }

    /// From the second in which it is asked, so that nothing falls between the answer and the engine's listening. `died`
    /// is how Podman wants to be asked for what it then calls `die`.
    private var events: EngineRequest {
        let filter =
            #"{"type":["container","network","image"],"event":["die","died","stop","pause","unpause","update","destroy","#
            + #""oom","health_status","rename","disconnect","remove","load","loadfromarchive","import","pull","tag","#
            + #""untag","delete"]}"#
        return EngineRequest(
            .get, "/events",
            query: [("since", String(Int(Date().timeIntervalSince1970))), ("filters", filter)], deadline: .zero)
    }

    private func meaning(of line: ArraySlice<UInt8>) -> EventReader.Meaning? {
        do {
            return EventReader(labels: labels).meaning(of: try JSONDecoder().decode(EngineEvent.self, from: Data(line)))
        } catch {
            // An event that cannot be read is still a reason to look.
            return .hint(.everything)
        }
    }
}

/// What an event of the engine says to us.
struct EventReader {
    let labels: Labels

    enum Meaning: Hashable {
        case hint(Hint)
        /// Images came or went. A sandbox may wait for one, and it is not known which.
        case images
    }

    /// `nil` for what is not ours, or changes nothing.
    func meaning(of event: EngineEvent) -> Meaning? {
        event.type == "image" ? .images : hint(event).map(Meaning.hint)
    }

    private func hint(_ event: EngineEvent) -> Hint? {
        let attributes = event.actor?.attributes ?? [:]
        switch event.type {
        case "container":
            guard let mark = labels.ownership(attributes, of: .container).mark,
                let what = what(event.action ?? "", attributes)
            else { return nil }
            return .sandbox(mark.sandbox, what: "\(mark.service.map(\.text) ?? "a container") \(what)")
        case "network":
            // Podman's names the container, not the network.
            if attributes[Podman.eventMark] != nil { return .everything }
            return networkHint(event.action ?? "", name: attributes["name"] ?? "")
        default: return nil
        }
    }

    private func what(_ action: String, _ attributes: [String: String]) -> String? {
        switch action {
        case "die": "died (exit \(attributes["exitCode"] ?? "unknown"))"
        case "stop": "was stopped"
        case "pause": "was paused"
        case "unpause": "was unpaused"
        case "update": "was updated"
        case "destroy", "remove": "was removed"
        case "oom": "ran out of memory"
        case "rename": "was renamed"
        case "health_status: unhealthy": "is unhealthy"
        default: nil
        }
    }

    /// Events of networks carry no labels, only the name.
    private func networkHint(_ action: String, name: String) -> Hint? {
        guard name.hasPrefix(DockerEngine.networkPrefix) else { return nil }
        let what: String
        switch action {
        case "disconnect": what = "network lost a container"
        case "destroy", "remove": what = "network was removed"
        default: return nil
        }
        do throws(InvalidName) {
            return .sandbox(try SandboxName(String(name.dropFirst(DockerEngine.networkPrefix.count))), what: what)
        } catch {
            return nil
        }
    }
}
