internal import Foundation

/// What the scenarios of the gateway have in common: a gateway with every sort of listener, and ways to ask through it.
extension Bench {
    /// The port of the containers, on which they reach each other and the gateway inside their sandboxes.
    static let insidePort: UInt16 = 8080

    /// Writes the node, and the gateway `edge` with these listeners beside the sandboxes' ports and the web's.
    func layGateway(_ listeners: String..., more: String = "") throws {
        let all =
            [
                "{name: own, from: \(sandboxPorts.lowerBound), to: \(sandboxPorts.upperBound), selects: sandbox}",
                "{name: web, port: \(webPort), baseDomain: berth.localhost}",
            ] + listeners
        let node = Manifests.places(self).split(separator: "---")[0]
        try repository.write(
            "places.yaml",
            """
            \(node)---
            gateway: edge
            listeners:
            \(all.map { "- \($0)" }.joined(separator: "\n"))
            \(more)
            """)
    }

    /// A listener for calls out of sandboxes.
    static let inside = "{name: inside, selects: sourceNetwork, ports: [\(insidePort)]}"

    /// Writes a Route into a file of its own.
    func writeRoute(_ name: String, for sandbox: String? = nil, rules: String, tests: String = "") throws {
        let scope = sandbox.map { "sandboxes: [\($0)]\n" } ?? ""
        let lines = tests.isEmpty ? "" : "\ntests:\n\(tests)"
        try repository.write("routes/\(name).yaml", "route: \(name)\n\(scope)rules:\n\(rules)\(lines)")
    }

    /// Asks for a service by its own name from inside the account container of a sandbox, which hands on the answer.
    func call(_ address: String, from sandbox: String) async throws -> String {
        try await ask("account/call/\(address)", in: sandbox).text
    }

    /// Waits until that call is answered so.
    func eventuallyHears(_ words: String, calling address: String, from sandbox: String) async throws {
        try await eventuallyAnswers(words, "account/call/\(address)", in: sandbox)
    }

    /// Waits until a request is answered so.
    @discardableResult
    func awaitAnswer(
        _ words: String, at path: String, port: UInt16, _ headers: [String: String] = [:],
        within bound: Duration = .seconds(30)
    ) async throws -> Answer {
        var answers: [String] = []
        do {
            return try await eventually("\(path) answers \"\(words)\"", within: bound) {
                // SAFE: a proxy that is not there yet answers nothing
                guard let answer = try? await get(path, port: port, headers) else { return nil }
                let last = "\(answer.status) \(answer.text) [\(answer.route)]"
                if answers.last != last { answers.append(last) }
                return answer.text == words ? answer : nil
            }
        } catch {
            throw Trouble("\(error), but \(answers.suffix(8)); the daemon said: \(daemon?.said ?? "nothing")")
        }
    }

    /// What the account container of a sandbox does, in a shell.
    @discardableResult
    func inAccount(of sandbox: String, _ script: String) async throws -> String {
        let id = try await container(of: "account", in: sandbox).id
        return try await engine.docker("exec", id, "/bin/sh", "-c", script)
    }

    /// The files of the gateway's tables, as the proxy itself lists them.
    func tables() async throws -> [String] {
        let listing = try await tellProxy("show map")
        return listing.split(separator: "\n").compactMap { line in
            guard let open = line.firstIndex(of: "("), let close = line[open...].firstIndex(of: ")") else { return nil }
            let file = line[line.index(after: open)..<close]
            return file.hasPrefix(data) ? String(file) : nil
        }
    }
}

extension Answer {
    /// A header that the target was sent, where it answers with what it was sent.
    func seen(_ header: String) -> String? {
        for line in text.split(separator: "|") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == header else { continue }
            return parts[1].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }

    /// The value of a cookie that the answer sets.
    func cookie(_ name: String) -> String? {
        guard let text = headers["set-cookie"], text.hasPrefix(name + "=") else { return nil }
        return String(text.dropFirst(name.count + 1).prefix { $0 != ";" })
    }
}
