internal import Model

// The requests of a route's tests, as they reach the gateway.
extension Resolver {
    func test(
        of spec: Located<RouteTestSpec>, in frame: RouteFrame, _ findings: inout Findings
    ) -> RouteTest? {
        let file = frame.place.file
        guard let request = request(spec.value.request, in: frame, &findings) else { return nil }
        var test = RouteTest(request: request, service: nil, place: spec.mark.place(in: file))
        let expected = spec.value.expectation
        test.target = expected.target
        if let reference = expected.service?.placed(in: file) {
            guard let service = index.find(reference, .service, in: index.services, &findings) else { return nil }
            test.service = Self.name(service.name)
        }
        if let reference = expected.sandbox?.placed(in: file) {
            let isDeclared =
                index.broken[ObjectID(kind: .sandbox, name: reference.value.name)] != nil
                || index.find(reference, .sandbox, in: index.sandboxes, &findings) != nil
            guard isDeclared else { return nil }
            test.sandbox = Self.name(reference.value.name)
        }
        return test
    }

    private func request(
        _ spec: RouteTestSpec.Request, in frame: RouteFrame, _ findings: inout Findings
    ) -> GatewayRequest? {
        guard let url = spec.url, let port = port(of: spec, url, in: frame, &findings) else { return nil }
        let cookies = spec.cookies.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
        let query =
            [url.value.query].compactMap(\.self)
            + spec.query.map { "\($0.name)=\(QueryValue.encoded($0.value))" }
        return GatewayRequest(
            method: spec.method, host: url.value.host, port: port, path: url.value.path,
            query: query.isEmpty ? nil : query.joined(separator: "&"),
            headers: spec.headers.map { GatewayRequest.Header($0.name, $0.value) }
                + (cookies.isEmpty ? [] : [GatewayRequest.Header("cookie", cookies)]),
            source: spec.source)
    }

    /// The port that is written, that of the url where the gateway has it, or else the one that stands for https or http.
    private func port(
        of spec: RouteTestSpec.Request, _ url: Located<TestAddress>, in frame: RouteFrame, _ findings: inout Findings
    ) -> UInt16? {
        let listeners = frame.gateway.listeners
        if let port = spec.port {
            if listeners.contains(where: { $0.role.isOn(port.value) }) { return port.value }
            findings.error(
                port.mark.place(in: frame.place.file), "no-listener",
                "gateway \(frame.gateway.name) does not listen on port \(port.value); write one of its ports")
            return nil
        }
        if let port = url.value.port, listeners.contains(where: { $0.role.isOn(port) }) { return port }
        let webs = listeners.compactMap { listener -> (port: UInt16, isEncrypted: Bool)? in
            guard case .web(let port) = listener.role else { return nil }
            return (port, listener.certificate != nil)
        }
        if let web = webs.first(where: { $0.isEncrypted == url.value.isEncrypted }) ?? webs.first { return web.port }
        findings.error(
            url.mark.place(in: frame.place.file), "no-listener",
            "gateway \(frame.gateway.name) has no listener for this address; write \"port\" beside \"url\"")
        return nil
    }
}

extension GatewayListener.Role {
    fileprivate func isOn(_ port: UInt16) -> Bool {
        switch self {
        case .web(let own): own == port
        case .sandboxes(let range): range.contains(port)
        case .inside(let ports): ports.contains(port)
        }
    }
}

private enum QueryValue {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Percent-encoded but for letters, digits and `-._~`.
    static func encoded(_ text: String) -> String {
        let bytes = text.utf8.flatMap { byte -> [UInt8] in
            let isPlain = Paths.isLetter(byte) || (48...57).contains(byte) || Array("-.~".utf8).contains(byte)
            return isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
