internal import Model

/// The law of requests as HAProxy runs it: a Lua program, with the gateway's own words in a table at its top.
///
/// It decides as `Planner`'s `Decision` does; a test holds the two together. Sandboxes, routes and rules are not in it:
/// it looks them up in the proxy's maps, which change at run time.
struct Program: Hashable {
    let text: String
    let digest: Digest

    init(_ gateway: DesiredGateway, _ words: Vocabulary, in folder: GatewayFolder) {
        text =
            [
                Settings(gateway, words, folder).text, Self.tables, Self.basics, Self.selecting, Self.ruling,
                Self.deciding, Self.acting,
            ].joined(separator: "\n\n") + "\n"
        digest = Digest(of: text)
    }

    private static let tables = #"""
        local T = {}
        for name, file in pairs(S.tables) do T[name] = Map.new(file, name == "networks" and Map._ip or Map._str) end

        do
          local file = io.open(S.key, "rb")
          if file then
            S.secret = file:read("a")
            file:close()
          end
        end
        """#
}

/// What the program knows of its gateway.
private struct Settings {
    let gateway: DesiredGateway
    let words: Vocabulary
    let folder: GatewayFolder

    init(_ gateway: DesiredGateway, _ words: Vocabulary, _ folder: GatewayFolder) {
        self.gateway = gateway
        self.words = words
        self.folder = folder
    }

    var text: String {
        let fields: [(String, Lua)] = [
            ("gateway", .text(gateway.name.text)),
            ("domain", words.baseDomain.map(Lua.text) ?? .nothing),
            ("listeners", .list(gateway.listeners.map(listener))),
            ("selection", .list(gateway.selection.map(selector))),
            ("injects", .table(gateway.injects.sorted().map { ($0.rawValue, .flag(true)) })),
            ("carriers", carriers),
            ("cookie", cookie),
            ("bounds", bounds),
            ("tables", .table(Table.allCases.map { ($0.rawValue, .text(folder.file(of: $0))) })),
            ("ways", ways),
            ("trust", .table(words.trusts.map { ($0.key, .text($0.backend)) })),
            ("key", .text(folder.cookieKey)),
            ("log", .text(folder.programLog)),
        ]
        let inside = """
            S.inside = {}
            for _, listener in ipairs(S.listeners) do
              for _, port in ipairs(listener.ports or {}) do S.inside[port] = S.inside[port] or listener end
            end
            """
        return "local S = \(Lua.table(fields).source)\n\(inside)"
    }

    private func listener(_ listener: GatewayListener) -> Lua {
        let isPublic = ("public", Lua.flag(listener.isPublic))
        func range(_ kind: String, _ ports: ClosedRange<UInt16>) -> Lua {
            .table([
                ("kind", .text(kind)), ("first", .number(Int(ports.lowerBound))),
                ("last", .number(Int(ports.upperBound))), isPublic,
            ])
        }
        return switch listener.role {
        case .web(let port): range("web", port...port)
        case .sandboxes(let ports): range("sandboxes", ports)
        case .inside(let ports):
            .table([("kind", .text("inside")), ("ports", .list(ports.map { .number(Int($0)) })), isPublic])
        }
    }

    private func selector(_ selector: Selector) -> Lua {
        var fields: [(String, Lua)] = [("kind", .text(selector.word)), ("untrusted", .flag(selector.isUntrusted))]
        switch selector {
        case .port, .sourceNetwork, .host: break
        case .header(let name), .baggage(let name), .tracestate(let name): fields.append(("name", .text(name)))
        case .query(let name, let sets): fields += [("name", .text(name)), ("sets", .flag(sets))]
        case .cookie(let name, let isSigned): fields += [("name", .text(name)), ("signed", .flag(isSigned))]
        }
        return .table(fields)
    }

    private var carriers: Lua {
        var headers: [Lua] = []
        var parameters: [Lua] = []
        var bare: [(String, Lua)] = []
        var keys: [String: [String]] = [:]
        for selector in gateway.selection {
            switch selector {
            case .port, .sourceNetwork, .host: break
            case .header(let name): headers.append(.text(name))
            case .baggage(let key): keys["baggage", default: []].append(key)
            case .tracestate(let key): keys["tracestate", default: []].append(key)
            case .query(let name, _): parameters.append(.text(name))
            case .cookie(let name, let isSigned): if !isSigned { bare.append((name, .flag(true))) }
            }
        }
        let lists = [Injection.baggage, .tracestate].compactMap { injection -> Lua? in
            let name = injection.rawValue
            guard keys[name] != nil || gateway.injects.contains(injection) else { return nil }
            let ours = keys[name] ?? [Self.standardKey]
            return .table([
                ("name", .text(name)), ("key", .text(ours[0])),
                ("keys", .table(Set(ours).sorted().map { ($0, .flag(true)) })),
            ])
        }
        return .table([
            ("headers", .list(headers)), ("lists", .list(lists)), ("parameters", .list(parameters)),
            ("bare_cookies", bare.isEmpty ? .nothing : .table(bare)),
        ])
    }

    /// The member that carries a sandbox on where the gateway itself does not read one.
    private static let standardKey = "sandbox"

    private var cookie: Lua {
        for case .cookie(let name, let isSigned) in gateway.selection {
            return .table([("name", .text(name)), ("signed", .flag(isSigned))])
        }
        return .nothing
    }

    private var bounds: Lua {
        func limit(_ bytes: Int, _ count: Int) -> Lua {
            .table([("bytes", .number(bytes)), ("count", .number(count))])
        }
        return .table([
            ("baggage", limit(CarrierBounds.baggageBytes, CarrierBounds.baggageMembers)),
            ("tracestate", limit(CarrierBounds.tracestateBytes, CarrierBounds.tracestateMembers)),
            ("query", limit(CarrierBounds.queryBytes, CarrierBounds.queryParameters)),
            ("cookie", limit(CarrierBounds.cookieBytes, CarrierBounds.cookies)),
            ("value", .number(CarrierBounds.valueBytes)), ("hops", .number(CarrierBounds.hops)),
            ("via", .number(Bound.viaBytes)),
            ("rules", .number(Bound.rulesOfAScope)), ("sets", .number(Bound.compiledScopes)),
            ("targets", .number(Bound.parsedTargets)),
            ("complaints", .number(Bound.complaints)), ("regex", .text("(*LIMIT_MATCH=\(Bound.regexSteps))")),
            ("stream_millis", .number(Bound.tunnelSeconds * 1000)),
        ])
    }

    private var ways: Lua {
        .table(
            Endpoint.Scheme.allCases.map { scheme in
                (
                    scheme.rawValue,
                    .table([
                        ("encrypted", .flag(scheme.isEncrypted)), ("port", .number(Int(scheme.usualPort))),
                        ("backend", .text(Backends.plain + Backends.suffix(of: scheme))),
                        ("suffix", .text(Backends.suffix(of: scheme))),
                    ])
                )
            })
    }
}

/// A value as Lua reads it.
private enum Lua {
    case nothing
    case flag(Bool)
    case number(Int)
    case text(String)
    case list([Lua])
    case table([(String, Lua)])

    var source: String {
        switch self {
        case .nothing: "nil"
        case .flag(let flag): "\(flag)"
        case .number(let number): "\(number)"
        case .text(let text): Self.quoted(text)
        case .list(let items): "{ \(items.map(\.source).joined(separator: ", ")) }"
        case .table(let fields):
            "{ \(fields.map { "[\(Self.quoted($0.0))] = \($0.1.source)" }.joined(separator: ", ")) }"
        }
    }

    /// Every byte that is no plain character by its number, so that no text ends the string it is in.
    private static func quoted(_ text: String) -> String {
        "\""
            + text.utf8.map { byte in
                let isPlain = isAlphanumeric(byte) || "-_./ ".utf8.contains(byte)
                return isPlain ? String(UnicodeScalar(byte)) : "\\" + padded(byte)
            }.joined() + "\""
    }

    private static func padded(_ byte: UInt8) -> String {
        let digits = "\(byte)"
        return String(repeating: "0", count: 3 - digits.count) + digits
    }
}
