import AgentProtocol
import AgentTransport
import Foundation
import Model
import Reconciler
import Testing

@Suite("A session")
struct SessionTests {
    @Test("A certificate is renewed before it ends, and the session goes on")
    func renewal() async throws {
        let harbour = try Harbour(lifetimes: Lifetimes(leaf: .seconds(30 * 86_400)))
        try await withListener(harbour.authority) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            #expect(try await !credentials.renewWhenDue(at: address))
            let before = try credentials.expiresAt.unwrapped()

            harbour.clock.advance(by: 21 * 86_400)
            #expect(try await credentials.renewWhenDue(at: address))
            #expect(try await !credentials.renewWhenDue(at: address))
            let after = try credentials.expiresAt.unwrapped()
            #expect(after.milliseconds - before.milliseconds == 21 * 86_400_000)
            #expect(try harbour.credentials("agent-micro-92").expiresAt == after)

            try await link.send(.beat(beat(1)))
            #expect(try await link.receive() == .beat(beat(1)))
            // The first certificate has ended, its session has not: the node has another.
            harbour.clock.advance(by: 10 * 86_400)
            let first = try #require(try harbour.authority.certificates().first)
            #expect(harbour.authority.isWelcome(Peer(node: "micro-92", serial: first.serial)))
            await link.close()
            await (try await harbour.dial(credentials, at: address)).close()
        }
        #expect(try harbour.authority.certificates().count == 2)
    }

    @Test("A dial renews a certificate that is due")
    func dialRenews() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            harbour.clock.advance(by: 25 * 86_400)
            let before = try credentials.expiresAt.unwrapped()
            await (try await harbour.dial(credentials, at: address)).close()
            #expect(try credentials.expiresAt.unwrapped() > before)
        }
    }

    @Test("A node without a certificate in force is not welcome")
    func notInForce() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in _ = try await harbour.joined("micro-92", at: address) }
        let issued = try #require(try harbour.authority.certificates().first)
        let peer = Peer(node: "micro-92", serial: issued.serial)
        #expect(harbour.authority.isWelcome(peer))
        harbour.clock.advance(by: 31 * 86_400)
        #expect(!harbour.authority.isWelcome(peer))
    }

    @Test("A slow reader holds up its sender, and what waits is bounded")
    func slowReader() async throws {
        let harbour = try Harbour()
        let (gate, opened) = AsyncStream.makeStream(of: Void.self)
        try await withListener(
            harbour.authority,
            session: { peer, link in
                for await _ in gate { break }
                await echo(peer, link)
            }
        ) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            let sent = Count()
            let frames = 64
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<frames {
                        try await link.send(try lines(16, of: 16 << 10))
                        sent.add()
                    }
                }
                // It stands still: nothing is taken for a second, far from the end.
                var last = -1
                while true {
                    try await Task.sleep(for: .seconds(1))
                    let now = sent.number
                    if now == last, now > 0 { break }
                    last = now
                }
                #expect(last <= 40, "\(last) frames of \(frames) went to somebody who reads nothing")
                opened.yield()
                for _ in 0..<frames {
                    #expect(try await link.receive() == .refusal("16 lines for micro-92"))
                }
                try await group.waitForAll()
            }
            await link.close()
        }
    }

    @Test("A frame over the bound is refused where it is sent, and the session goes on")
    func oversize() async throws {
        let harbour = try Harbour()
        try await withListener(harbour.authority) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            let frame = try lines(33, of: 1 << 20)
            let error = try #require(await failure { () async throws(LinkError) in try await link.send(frame) })
            #expect(error.failure == .malformed)
            #expect(error.message.contains("a frame of 33 MiB is over the 32 MiB that one may have"), "\(error)")
            try await link.send(.beat(beat(1)))
            #expect(try await link.receive() == .beat(beat(1)))
            await link.close()
        }
    }

    @Test("A large frame arrives whole, in both directions")
    func large() async throws {
        let harbour = try Harbour()
        try await withListener(
            harbour.authority,
            session: { _, link in
                do {
                    while case .tail(_, .lines(let lines))? = try await link.receive() {
                        for line in lines { try await link.send(.refusal(line.text)) }
                    }
                } catch {}
            }
        ) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            let text = String(repeating: "x", count: 8 << 20)
            try await link.send(.tail(QuestionID(1), .lines([TimedLine(at: harbour.now, text: text)])))
            guard case .refusal(let back)? = try await link.receive() else {
                Issue.record("nothing came back")
                return
            }
            #expect(back == text)
            await link.close()
        }
    }

    @Test("To close lets go of whoever waits to send and to receive")
    func close() async throws {
        let harbour = try Harbour()
        try await withListener(
            harbour.authority,
            session: { _, _ in
                // Reads nothing, until the call is over.
                do { try await Task.sleep(for: .seconds(60)) } catch {}
            }
        ) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            let ends = try await within(.seconds(40), "to let go") {
                await withTaskGroup(of: LinkError?.self) { group in
                    group.addTask {
                        await failure { () async throws(LinkError) in _ = try await link.receive() }
                    }
                    group.addTask {
                        await failure { () async throws(LinkError) in
                            while true { try await link.send(.beat(beat(1))) }
                        }
                    }
                    try? await Task.sleep(for: .seconds(1))  // SAFE: both wait by then, or find it closed
                    await link.close()
                    await link.close()
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
            #expect(ends.map { $0?.failure } == [.lost, .lost])
        }
    }

    @Test("What was sent last before an orderly end arrives, and the end is told as one")
    func orderlyEnd() async throws {
        let harbour = try Harbour()
        try await withListener(
            harbour.authority,
            session: { _, link in
                do { try await link.send(.refusal("go away")) } catch {}
            }
        ) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            for _ in 0..<10 {
                let link = try await harbour.dial(credentials, at: address)
                #expect(try await link.receive() == .refusal("go away"))
                #expect(try await link.receive() == nil)
                await link.close()
            }
        }
    }

    @Test("What an agent sends last before it closes arrives")
    func lastWords() async throws {
        let harbour = try Harbour()
        let (heard, told) = AsyncStream.makeStream(of: AgentFrame?.self)
        try await withListener(
            harbour.authority,
            session: { _, link in
                do {
                    while let frame = try await link.receive() { told.yield(frame) }
                    told.yield(nil)
                } catch {
                    Issue.record("the end was not orderly: \(error)")
                    told.yield(nil)
                }
            }
        ) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let link = try await harbour.dial(credentials, at: address)
            try await link.send(.beat(beat(1)))
            try await link.send(.beat(beat(2)))
            await link.close()
            var frames: [AgentFrame] = []
            for await frame in heard {
                guard let frame else { break }
                frames.append(frame)
            }
            #expect(frames == [.beat(beat(1)), .beat(beat(2))])
        }
    }

    @Test("A cut line is seen by both ends within the bound of silence", .timeLimit(.minutes(2)))
    func blackHole() async throws {
        let harbour = try Harbour()
        let (ends, told) = AsyncStream.makeStream(of: LinkError?.self)
        try await withListener(
            harbour.authority,
            session: { _, link in
                told.yield(
                    await failure { () async throws(LinkError) in
                        while try await link.receive() != nil {}
                    })
            }
        ) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            let port = try freePort()
            let line = try Program(
                ["socat", "TCP-LISTEN:\(port),bind=127.0.0.1,reuseaddr", "TCP:\(address)"], in: harbour.scratch)
            try await waitForListener(on: port)
            let link = try await harbour.dial(credentials, at: HostPort(host: "127.0.0.1", port: port))
            try await link.send(.beat(beat(1)))
            try line.freeze()
            let start = ContinuousClock.now
            let here = await failure { () async throws(LinkError) in while try await link.receive() != nil {} }
            #expect(here?.failure == .lost, "\(String(describing: here))")
            let there = await ends.first { _ in true }
            #expect(there??.failure == .lost, "\(String(describing: there))")
            // The bound, and what a loaded machine needs beside it.
            #expect(start.duration(to: .now) < Bounds.silence + .seconds(10))
            try line.thaw()
        }
    }

    @Test("A controller that goes ends its sessions at once")
    func controllerGoes() async throws {
        let harbour = try Harbour()
        let link = try await withListener(harbour.authority) { address in
            let credentials = try await harbour.joined("micro-92", at: address)
            return try await harbour.dial(credentials, at: address)
        }
        let error = try await within(.seconds(30), "to see it") {
            await failure { () async throws(LinkError) in while try await link.receive() != nil {} }
        }
        #expect(error == nil || error?.failure == .lost)
    }
}
