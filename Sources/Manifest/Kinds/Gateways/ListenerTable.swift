internal import Model

/// One place where a gateway listens.
struct ListenerSpec: Sendable {
    enum Selects: String, CaseIterable, Sendable { case sandbox, sourceNetwork }

    /// Inside ports that one gateway has.
    static let mostPorts = 64

    var name = ""
    var from: UInt16?
    var to: UInt16?
    var selects: Selects?
    var port: UInt16?
    var ports: [UInt16]?
    var baseDomain: Located<String>?
    var isPublic = false
    var certificate: String?

    /// Ports that nothing else of the gateway may have. Inside ports may be ports of others: which one is meant shows
    /// by the address that is called.
    var ownPorts: ClosedRange<UInt16>? {
        if let port { return port...port }
        guard let from, let to, from <= to else { return nil }
        return from...to
    }

    var isPlainWeb: Bool { port != nil && !isPublic && certificate == nil }

    /// `usual` are the inside ports where none are named.
    func listener(usual: [UInt16]) -> GatewayListener {
        let role: GatewayListener.Role =
            if let port { .web(port) } else if let ownPorts { .sandboxes(ownPorts) } else { .inside(ports ?? usual) }
        return GatewayListener(name: name, role, isPublic: isPublic, certificate: certificate)
    }

    static let shape = Shape<ListenerSpec>.record(
        "listener", ListenerSpec(),
        [
            Field("name", .name, required: true, "What the listener is called.") { $0.name = $1 },
            Field("from", .port, "The first port of a range in which each sandbox has its own.") { $0.from = $1 },
            Field("to", .port, "The last port of the range.") { $0.to = $1 },
            Field(
                "selects", Shape<Selects>.choice, default: "sandbox",
                "What a port of the range stands for; sourceNetwork takes calls out of sandboxes by the names of services."
            ) { $0.selects = $1 },
            Field("port", .port, "One port for all; host name or what a request carries name the sandbox.") {
                $0.port = $1
            },
            Field(
                "ports", Shape<UInt16>.port.list(atLeast: 1, atMost: mostPorts),
                default: "80 and the routed ports of all services",
                "The ports on which containers call services, for selects sourceNetwork."
            ) { $0.ports = $1 },
            Field(
                "baseDomain", Shape<String>.host.located,
                "Host names below it name sandboxes: <sandbox>.<baseDomain>."
            ) { $0.baseDomain = $1 },
            Field(
                "public", .boolean, default: "false",
                "Strangers reach it: headers and unsigned cookies are not believed there, and not sent on."
            ) { $0.isPublic = $1 },
            Field("tls", tls, "Listens with TLS.") { $0.certificate = $1 },
        ], instead: ["portPool": "\"from\" and \"to\" say which ports"]
    ) { listener, node, reader in listener.check(node, &reader) }

    private static let tls = Shape<String>.record(
        "listenerTLS", "",
        [
            Field("certFile", .plainPath, required: true, "Certificate and key in one PEM file on the gateway's node.")
            {
                $0 = $1
            }
        ], instead: ["certRef": "write certFile: /path of a PEM file on the gateway's node"])

    private func check(_ node: Node, _ reader: inout Reader) {
        func remove(_ keys: [String], _ reason: String) {
            guard let key = keys.first(where: { node[$0] != nil }) else { return }
            reader.report(node.mark, "exclusive", "\"\(key)\" belongs to a listener with \(reason); move it there")
        }
        if selects == .sourceNetwork {
            remove(["port", "baseDomain", "public", "tls"], "\"port\"")
            remove(["from", "to"], "\"selects: sandbox\"")
            EnvironmentSpec.rejectTwins((ports ?? []).map { (String($0), node.mark) }, "port", &reader)
            return
        }
        remove(["ports"], "\"selects: sourceNetwork\"")
        switch (from, to, port) {
        case (let from?, let to?, nil):
            if from > to { reader.report(node.mark, "range", "\"from\" is above \"to\"; swap \(from) and \(to)") }
            remove(["baseDomain"], "\"port\"")
        case (nil, nil, _?):
            if selects != nil {
                reader.report(
                    node.mark, "exclusive",
                    "\"selects: sandbox\" belongs to a listener with \"from\" and \"to\"; remove it")
            }
        case (_, _, _):
            reader.report(
                node.mark, "missing-key",
                "a listener needs \"port\", or \"from\" and \"to\", or \"selects: sourceNetwork\"; write one of them")
        }
    }
}
