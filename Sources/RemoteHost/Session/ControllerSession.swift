internal import AgentProtocol
internal import Logging
internal import Model
internal import Reconciler
internal import Synchronization

/// One session with an agent, from its hello to the end of the link.
final class ControllerSession<Time: Clock>: Sendable where Time.Duration == Duration, Time.Instant: Sendable {
    /// How long the link is kept after the last frame, so that it arrives.
    static var lastWords: Duration { .seconds(2) }

    private let link: LinkToAgent
    private let peer: Peer
    private let hosts: AgentHosts<Time>
    private let line = SessionLine()
    private let vitals: Mutex<Vitals<Time.Instant>>
    private let host = Mutex<RemoteHost<Time>?>(nil)

    init(link: LinkToAgent, peer: Peer, hosts: AgentHosts<Time>) {
        self.link = link
        self.peer = peer
        self.hosts = hosts
        vitals = Mutex(Vitals(now: hosts.terms.clock.now))
    }

    private var terms: Terms<Time> { hosts.terms }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.send() }
            group.addTask { await self.watch() }
            group.addTask { for await _ in self.line.lateHints { await self.tellLate() } }
            await converse()
            group.cancelAll()
            await link.close()
        }
        await tellLate()
        host.withLock { $0 }?.tellLate(isForced: Task.isCancelled)
    }

    /// Says what was held back because too much was said, when its time has come.
    private func tellLate() async {
        guard let host = host.withLock({ $0 }) else { return }
        while !Task.isCancelled, let due = host.lateHint {
            await terms.pause(terms.clock.now.duration(to: due))
            host.tellLate()
        }
    }

    private func converse() async {
        do throws(LinkError) {
            guard let hello = try await greeting() else { return await drain() }
            vitals.withLock { $0.greet(at: terms.clock.now) }
            line.put(
                .welcome(Welcome(epoch: terms.epoch, installation: hosts.installation, now: terms.surroundings.now())))
            tell("Agent connected", hello)
            let (host, former) = hosts.join(line, hello)
            self.host.withLock { $0 = host }
            former?.dismiss(because: "another session of node \(hello.node) began; the newest one counts")
            while line.end == nil, let frame = try await heard() { await take(frame, host) }
            line.finish(because: "it closed the link")
        } catch {
            switch error.failure {
            case .lost, .refused: line.finish(because: "\(error)")
            case .malformed: line.dismiss(because: "the controller does not understand this agent: \(error)")
            }
        }
        leave()
        if line.isDismissed { await drain() }
    }

    private func leave() {
        let why = line.end ?? "the link ended"
        host.withLock { $0 }?.leave(line, because: why)
        terms.surroundings.logger.notice("Agent left", metadata: ["node": "\(peer.node)", "reason": "\(why)"])
    }

    private func heard() async throws(LinkError) -> AgentFrame? {
        let frame = try await link.receive()
        vitals.withLock { $0.hear(at: terms.clock.now) }
        return frame
    }

    /// Reads on until the agent has gone, or ``send()`` has closed the link: what was to be said last is still said.
    private func drain() async {
        do throws(LinkError) {
            while try await link.receive() != nil {}
        } catch {
            // It is gone.
        }
    }

    // MARK: The beginning

    /// The agent's first frame, if it may stay; else it was told why not.
    private func greeting() async throws(LinkError) -> Hello? {
        guard let frame = try await heard() else {
            line.finish(because: "it closed the link before it said anything")
            return nil
        }
        guard case .hello(let hello) = frame else {
            refuse("the agent's first frame is no hello")
            return nil
        }
        guard let objection = objection(to: hello) else { return hello }
        refuse(objection)
        return nil
    }

    private func objection(to hello: Hello) -> String? {
        if hello.node.text != peer.node {
            return "the certificate is that of node \(peer.node), the agent says that it is \(hello.node)"
        }
        if !hosts.isWelcome(peer) { return Self.unwelcome(peer) }
        if let objection = Release.current.objection(to: hello.release, called: "agent") { return objection }
        if hello.epoch > terms.epoch {
            return
                "the agent has acted for epoch \(hello.epoch) and this controller is of epoch \(terms.epoch): another "
                + "controller has taken over; stop one of them, or restore this one's folder of secrets"
        }
        return nil
    }

    private static func unwelcome(_ peer: Peer) -> String {
        "the certificate of node \(peer.node) was revoked; for a new one: `berth node token \(peer.node)`"
    }

    private func refuse(_ why: String) {
        if let node = node { hosts.known(node)?.refuse("refused: \(why)") }
        terms.surroundings.logger.warning("Agent refused", metadata: ["node": "\(peer.node)", "reason": "\(why)"])
        line.dismiss(because: why)
    }

    private var node: NodeName? {
        do { return try NodeName(peer.node) } catch { return nil }
    }

    private func tell(_ what: String, _ hello: Hello) {
        terms.surroundings.logger.notice(
            "\(what)",
            metadata: [
                "node": "\(hello.node)", "release": "\(hello.release)",
                "engine": "\(hello.engine.printable(Presence.longestTitle))",
            ])
        for interrupted in hello.interrupted.prefix(Presence.mostNamed) {
            terms.surroundings.logger.warning(
                "Agent was killed in the middle of an action",
                metadata: [
                    "node": "\(hello.node)", "action": "\(interrupted.printableAction)",
                    "remains": "\(interrupted.remains)",
                ])
        }
        let rest = hello.interrupted.count - Presence.mostNamed
        guard rest > 0 else { return }
        terms.surroundings.logger.warning(
            "Agent was killed in the middle of more actions",
            metadata: ["node": "\(hello.node)", "count": "\(rest)"])
    }

    // MARK: What the agent says

    private func take(_ frame: AgentFrame, _ host: RemoteHost<Time>) async {
        switch frame {
        case .hello: line.dismiss(because: "the agent said hello twice; somebody repeats its frames")
        case .lines(let lines): await hosts.takeLines(host.node, lines)
        case .beat(let beat):
            guard vitals.withLock({ $0.heed(beat) }) else {
                return line.dismiss(because: "beat \(beat.number) came again: somebody repeats the agent's frames")
            }
            guard hosts.isWelcome(peer) else { return line.dismiss(because: Self.unwelcome(peer)) }
        case .observation, .accepted, .outcome, .hints, .tail: break
        }
        host.take(frame, from: line)
    }

    // MARK: What goes on beside

    private func send() async {
        for await frame in line.frames {
            vitals.withLock { $0.beginSending(at: terms.clock.now) }
            do throws(LinkError) { try await link.send(frame) } catch {
                line.finish(because: "\(error)")
                return await link.close()
            }
            vitals.withLock { $0.endSending() }
        }
        await terms.pause(Self.lastWords)
        await link.close()
    }

    /// Says that we live, and ends the session when the other side does not. Ends with the link closed.
    private func watch() async {
        while !Task.isCancelled {
            if line.isOverfull {
                line.finish(because: "it reads too slowly: \(Bounds.queue) frames wait for it")
                break
            }
            switch vitals.withLock({ $0.verdict(at: terms.clock.now) }) {
            case .wait(let due): await terms.pause(terms.clock.now.duration(to: due))
            case .beat(let number):
                // Asked here as well, for an agent that says no beat would never be sent away.
                if line.end == nil, !hosts.isWelcome(peer) {
                    line.dismiss(because: Self.unwelcome(peer))
                    host.withLock { $0 }?.leave(line, because: Self.unwelcome(peer))
                }
                line.put(.beat(Beat(number: number, now: terms.surroundings.now())))
                host.withLock { $0 }?.sweep()
            case .dead(let why):
                line.finish(because: why)
                return await link.close()
            }
        }
        await link.close()
    }
}
