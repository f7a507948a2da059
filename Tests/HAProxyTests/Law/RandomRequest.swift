internal import Model
internal import TestSupport

/// A connection's two ends, and a request on it.
struct RandomRequest {
    struct Line: Hashable {
        let source: String
        let destination: String
        let port: UInt16
    }

    /// Signed values that the world's gateway takes, and one that it does not.
    struct Signatures {
        var good: [String: String]
        static let forged = "qa." + String(repeating: "0", count: 64)
    }

    let request: GatewayRequest
    /// What is sent.
    let bytes: [UInt8]

    static func line(in world: RandomWorld, _ random: inout SplitMix64) -> Line {
        let sandbox = Int.random(in: 0..<RandomWorld.sandboxNames.count, using: &random)
        let inner = "127.\(10 + sandbox).0"
        return switch Int.random(in: 0..<10, using: &random) {
        case 0: Line(source: "\(inner).5", destination: "\(inner).1", port: world.insidePort)
        case 1: Line(source: "\(inner).5", destination: "\(inner).1", port: world.web)
        case 2:
            Line(source: "\(inner).5", destination: "127.0.0.1", port: pick([world.web, world.insidePort], &random))
        case 3:
            Line(source: "127.0.0.1", destination: "\(inner).1", port: pick([world.web, world.insidePort], &random))
        case 4, 5:
            Line(
                source: random.oneIn(4) ? "\(inner).9" : "127.0.0.1", destination: "127.0.0.1",
                port: UInt16.random(in: world.sandboxPorts, using: &random))
        case 6: Line(source: "127.0.0.1", destination: "127.0.0.1", port: world.publicWeb)
        default: Line(source: "127.0.0.1", destination: "127.0.0.1", port: world.web)
        }
    }

    /// One that fits into the proxy's buffer.
    static func make(
        on line: Line, to world: RandomWorld, _ signatures: Signatures, _ random: inout SplitMix64
    ) -> RandomRequest {
        while true {
            let made = RandomRequest(on: line, to: world, signatures, &random)
            if made.bytes.count < 14_000 { return made }
        }
    }

    private init(on line: Line, to world: RandomWorld, _ signatures: Signatures, _ random: inout SplitMix64) {
        let host = Self.host(&random)
        let (path, query) = (Self.path(&random), Self.query(&random))
        let method = random.oneIn(3) ? "POST" : "GET"
        var headers: [GatewayRequest.Header] = [.init("host", host)]
        Self.addCarriers(to: &headers, signatures, &random)
        for name in RandomWorld.plainHeaders where random.oneIn(3) {
            headers.append(.init(name, pick(RandomWorld.values.filter { !$0.isEmpty }, &random)))
        }
        if random.oneIn(12) {
            headers.append(
                .init(
                    "via",
                    Array(repeating: "1.1 berth-law", count: Int.random(in: 1...9, using: &random)).joined(
                        separator: ", ")))
        }
        if random.oneIn(60) {
            headers.append(.init("via", String(repeating: "v", count: 8192 + Int.random(in: -20...1, using: &random))))
        }
        if random.oneIn(30) { headers.append(.init("via", "1.0 elsewhere, 1.1 berth-law")) }
        if method == "POST" { headers.append(.init("content-length", "0")) }
        request = GatewayRequest(
            method: method, host: String(host.prefix { $0 != ":" }).lowercased(), port: line.port, path: path,
            query: query, headers: headers, source: line.source, destination: line.destination)
        let target = path + (query.map { "?\($0)" } ?? "")
        bytes = Array(
            ("\(method) \(target) HTTP/1.1\r\n" + headers.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n").utf8)
    }

    private static func host(_ random: inout SplitMix64) -> String {
        let name = pick(RandomWorld.sandboxNames + ["ghost"], &random)
        let service = pick(RandomWorld.services + RandomWorld.services + ["nobody"], &random)
        return switch Int.random(in: 0..<12, using: &random) {
        case 0: "\(name).\(RandomWorld.domain)"
        case 1, 2: "\(service).\(name).\(RandomWorld.domain)"
        case 3: "\(service).\(name.uppercased()).Sand.Example:8080"
        case 4: "a.\(service).\(name).\(RandomWorld.domain)"
        case 5:
            pick(
                [
                    "-.sand.example", "a--b.sand.example", ".sand.example", "sand.example", "qa.notsand.example",
                    "notshop.example",
                ], &random)
        default: pick(RandomWorld.hosts, &random)
        }
    }

    private static func path(_ random: inout SplitMix64) -> String {
        let segments =
            RandomWorld.services + [
                "api", "apiary", "v1", "v12", "v2", "users", "42", "", "me", "menu", "webs", "%41", "a.b", "x",
                "nobody",
            ]
        if random.oneIn(3) { return pick(RandomWorld.paths, &random) + pick(["", "", "/42", "s"], &random) }
        return "/"
            + (0..<Int.random(in: 0...3, using: &random)).map { _ in pick(segments, &random) }.joined(separator: "/")
    }

    private static func query(_ random: inout SplitMix64) -> String? {
        guard !random.oneIn(3) else { return nil }
        var parts: [String] = []
        for name in RandomWorld.plainParameters where random.oneIn(2) {
            parts.append(
                random.oneIn(5) ? name : "\(name)=\(pick(RandomWorld.values + ["%62eta", "a%3Db", "%"], &random))")
        }
        for name in ["__sandbox", "env"] where random.oneIn(4) {
            parts.append("\(name)=\(claim(&random))")
            if random.oneIn(6) { parts.append("\(name)=second") }
        }
        if random.oneIn(60) { parts += Array(repeating: "many", count: 130) }
        if random.oneIn(60) { parts.append("long=" + String(repeating: "l", count: 8200)) }
        if random.oneIn(20) { parts.append("") }
        parts.shuffle(using: &random)
        return parts.joined(separator: "&")
    }

    private static func claim(_ random: inout SplitMix64) -> String {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: "ghost"
        case 1: pick(["a_b", "-x", "a--b", String(repeating: "z", count: 64), "ü"], &random).addingPercent
        case 2: pick(RandomWorld.sandboxNames, &random).uppercased()
        case 3: "%71a"
        case 4: ""
        default: pick(RandomWorld.sandboxNames, &random)
        }
    }

    private static func addCarriers(
        to headers: inout [GatewayRequest.Header], _ signatures: Signatures, _ random: inout SplitMix64
    ) {
        for name in ["x-sandbox", "x-env"] where random.oneIn(4) {
            let text = random.oneIn(25) ? "qa" + String(repeating: " ", count: 126) + "a" : claim(&random)
            headers.append(.init(name, text))
            if random.oneIn(8) { headers.append(.init(name, "login")) }
        }
        for (name, most) in [("baggage", 8192), ("tracestate", 512)] where random.oneIn(4) {
            var members = ["sandbox=\(claim(&random))", "vendor=1", " other = x;p=1"].filter { _ in !random.oneIn(4) }
            if random.oneIn(4) { members.append("sandbox = \(claim(&random)) ;q=2") }
            if random.oneIn(25) { members.append("long=" + String(repeating: "l", count: most)) }
            if random.oneIn(25) { members += Array(repeating: "m=1", count: 70) }
            members.shuffle(using: &random)
            let cut = random.oneIn(3) ? members.count / 2 : members.count
            for part in [members[..<cut], members[cut...]] where !part.isEmpty {
                headers.append(.init(name, part.joined(separator: ",").trimmingSpaces))
            }
        }
        guard random.oneIn(2) else { return }
        var cookies = RandomWorld.plainCookies.filter { _ in random.oneIn(2) }
            .map { "\($0)=\(pick(RandomWorld.values, &random))" }
        if random.oneIn(2) { cookies.append("__sandbox=\(cookie(signatures, &random))") }
        if random.oneIn(5) { cookies.append("env=\(claim(&random))") }
        if random.oneIn(2) { cookies.append("stick=\(UInt32.random(in: 0...99, using: &random))") }
        if random.oneIn(40) { cookies.append("long=" + String(repeating: "l", count: 8200)) }
        if random.oneIn(40) { cookies += Array(repeating: "m=1", count: 130) }
        cookies.shuffle(using: &random)
        if !cookies.isEmpty { headers.append(.init("cookie", cookies.joined(separator: "; "))) }
    }

    private static func cookie(_ signatures: Signatures, _ random: inout SplitMix64) -> String {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: Signatures.forged
        case 1: claim(&random)
        case 2: String(repeating: "q", count: 200)
        default: signatures.good[pick(RandomWorld.sandboxNames, &random)] ?? ""
        }
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// Bytes that no request line may hold, as `%41`.
    fileprivate var addingPercent: String {
        utf8.map { $0 < 128 ? String(UnicodeScalar($0)) : "%" + String($0, radix: 16, uppercase: true) }.joined()
    }
}
