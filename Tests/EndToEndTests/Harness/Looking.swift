internal import Foundation
internal import Testing

/// What the world says: the gateway by HTTP, the engine by its API, and the plan that should be empty.
extension Bench {
    func get(_ path: String, port: UInt16, _ headers: [String: String] = [:]) async throws -> Answer {
        try await blocking { try Wire(peer: .port(port)).get(path, headers) }
    }

    /// Asks through the listener for all, naming the sandbox by header.
    func ask(_ service: String, in sandbox: String?) async throws -> Answer {
        try await get("/" + service, port: webPort, sandbox.map { ["x-sandbox": $0] } ?? [:])
    }

    /// Waits until the gateway answers so.
    func eventuallyAnswers(
        _ words: String, _ service: String, in sandbox: String?, within bound: Duration = .seconds(20)
    ) async throws {
        var last = "nothing"
        do {
            try await eventually("\(service) of \(sandbox ?? "nobody") answers \"\(words)\"", within: bound) {
                // SAFE: a proxy that is not there yet answers nothing
                guard let answer = try? await ask(service, in: sandbox) else { return false }
                last = "\(answer.status) \(answer.text)"
                return answer.text == words
            }
        } catch {
            throw Trouble("\(error), but \(last); the daemon said: \(daemon?.said ?? "nothing")")
        }
    }

    /// Watches closely for a moment; where it does not come, what berth has to say about it is part of the failure.
    func watch(for what: String, _ hasCome: () async throws -> Bool) async throws {
        do {
            try await eventually(what, every: .milliseconds(1), isTrue: hasCome)
        } catch {
            let events = try await berth("events", "--tail", "12", "--data", data)
            let portrait = try await engine.portrait().joined(separator: "\n")
            throw Trouble("\(error)\n\(events.output)\(portrait)\nthe daemon said: \(daemon?.said ?? "nothing")")
        }
    }

    /// The containers of a sandbox.
    func containers(of sandbox: String) async throws -> [Engine.Container] {
        try await engine.containers("berth.sandbox=\(sandbox)")
    }

    /// The one container of a service, which must run under its proper name.
    func container(of service: String, in sandbox: String) async throws -> Engine.Container {
        let all = try await containers(of: sandbox).filter { $0.service == service }
        let found = "containers of \(service): \(all.map { "\($0.name) \($0.state.status)" })"
        try #require(all.count == 1, "\(found)")
        #expect(all[0].name == "/sandbox-\(sandbox)-\(service)")
        #expect(all[0].isRunning, "\(found)")
        return all[0]
    }

    /// The port of the gateway that is the sandbox's own.
    func port(of sandbox: String) async throws -> UInt16 {
        let port = try await status()?[sandbox]?.port
        return try #require(port, "sandbox \(sandbox) has no port")
    }

    /// The dry run finds nothing to do, in its exit status and in words.
    func expectNothingToDo(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let dry = try await dryRun()
        #expect(dry.status == 0, "\(dry.output)\(dry.errors)", sourceLocation: sourceLocation)
        #expect(dry.output.contains("Plan: nothing to do"), "\(dry.output)", sourceLocation: sourceLocation)
    }

    /// Says something to the proxy's admin socket, as a person with `socat` would.
    @discardableResult
    func tellProxy(_ command: String) async throws -> String {
        let socket = data + "/gateway/edge/admin.sock"
        return try await blocking {
            String(decoding: try Wire(peer: .path(socket)).exchange(command + "\n"), as: UTF8.self)
        }
    }
}
