internal import Model

struct GatewaySpec: Sendable {
    enum Driver: String, CaseIterable, Sendable { case haproxy }
    enum Selects: String, CaseIterable, Sendable { case sandbox }
    enum SelectionType: String, CaseIterable, Sendable { case port, host, header }

    struct Listener: Sendable {
        var name = ""
        var from: UInt16?
        var to: UInt16?
        var selects: Selects?
        var port: UInt16?
        var baseDomain: String?
    }
    struct Selection: Sendable {
        var type = SelectionType.port
        var name: String?
    }

    var node: Reference?
    var sandboxPorts: ClosedRange<UInt16>?
    var webPort: UInt16?
    var baseDomain: String?
    var selectionHeader: String?
}

extension GatewaySpec {
    static let table = KindTable(
        .gateway, "The proxy that sends requests to sandboxes.", GatewaySpec(),
        [
            Field("node", .reference, default: "the only node", "The machine it runs on.") { $0.node = $1 },
            Field("driver", Shape<Driver>.choice, default: "haproxy", "The program that does it.") { _, _ in },
            Field("listeners", listeners, required: true, "Where it listens.") { gateway, listeners in
                for listener in listeners {
                    if let from = listener.from, let to = listener.to { gateway.sandboxPorts = from...to }
                    if let port = listener.port {
                        gateway.webPort = port
                        gateway.baseDomain = listener.baseDomain
                    }
                }
            },
            Field("selection", selection.list(), "How a request names its sandbox.") {
                gateway, selections in
                gateway.selectionHeader = selections.compactMap(\.name).first
            },
        ], wrap: Spec.gateway)

    private static let listeners = Shape<[Listener]>(listener.list(atLeast: 1).schema) { node, reader in
        guard let listeners = listener.list(atLeast: 1).read(node, &reader) else { return nil }
        let ranges = listeners.filter { $0.from != nil }
        let webs = listeners.filter { $0.port != nil }
        if ranges.count > 1 || webs.count > 1 {
            reader.report(
                node.mark, "listeners",
                "more than one listener of one sort; keep one with \"from\" and \"to\" and one with \"port\"")
        }
        if let range = ranges.first, let from = range.from, let to = range.to, from <= to, let web = webs.first?.port,
            (from...to).contains(web)
        {
            reader.report(
                node.mark, "range", "port \(web) lies in the sandboxes' range \(from) to \(to); move one of them")
        }
        return listeners
    }

    private static let listener = Shape<Listener>.record(
        "listener", Listener(),
        [
            Field("name", .name, required: true, "What the listener is called.") { $0.name = $1 },
            Field("from", .port, "The first port of a range in which each sandbox has its own.") { $0.from = $1 },
            Field("to", .port, "The last port of the range.") { $0.to = $1 },
            Field("selects", Shape<Selects>.choice, default: "sandbox", "What a port of the range stands for.") {
                $0.selects = $1
            },
            Field("port", .port, "One port for all; host name or header name the sandbox.") { $0.port = $1 },
            Field(
                "baseDomain", .text("a domain name; write it like dev.example.com", where: isHost),
                "Host names below it name sandboxes: <sandbox>.<baseDomain>."
            ) { $0.baseDomain = $1 },
        ]
    ) { listener, node, reader in
        switch (listener.from, listener.to, listener.port) {
        case (let from?, let to?, nil):
            if from > to { reader.report(node.mark, "range", "\"from\" is above \"to\"; swap \(from) and \(to)") }
            if listener.baseDomain != nil {
                reader.report(
                    node.mark, "exclusive", "\"baseDomain\" belongs to a listener with \"port\"; move it there")
            }
        case (nil, nil, _?):
            if listener.selects != nil {
                reader.report(
                    node.mark, "exclusive", "\"selects\" belongs to a listener with \"from\" and \"to\"; remove it")
            }
        case (_, _, _):
            reader.report(
                node.mark, "missing-key",
                "a listener needs either \"from\" and \"to\", or \"port\"; write one of the two")
        }
    }

    private static let selection = Shape<Selection>.record(
        "selection", Selection(),
        [
            Field("type", Shape<SelectionType>.choice, required: true, "What of a request names the sandbox.") {
                $0.type = $1
            },
            Field(
                "name", .text("a header's name; write it like x-sandbox", pattern: "^[A-Za-z0-9-]+$", where: isHeader),
                default: "x-sandbox", "The header, for type header."
            ) { $0.name = $1 },
        ]
    ) { selection, node, reader in
        if selection.name != nil, selection.type != .header {
            reader.report(node.mark, "exclusive", "\"name\" belongs to type header; remove it here")
        }
    }

    @Sendable private static func isHost(_ text: String) -> Bool { EndpointText.isHost(text) }

    @Sendable private static func isHeader(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { Paths.isLetter($0) && $0 != 95 || (48...57).contains($0) || $0 == 45 }
    }
}
