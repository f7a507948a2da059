package import AgentProtocol

/// Where a controller listens: `host:3452`, `[::1]:3452`, `:3452` (every address of this machine), or a bare host with
/// the standard port.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
    /// That of the requirements.
    package static let standardPort = 3452

    /// A name, an IPv4 or IPv6 address without brackets, or empty for every address of this machine.
    package let host: String
    /// 0 lets the system choose, where one listens.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package init(_ text: String) throws(LinkError) {
        let (host, port) = try Self.split(text)
        self.host = host
        guard let port else {
            self.port = Self.standardPort
            return
        }
        guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port) else {
            throw LinkError(.refused, "\"\(text)\": the port is a number from 0 to 65535, as in \(Self.example)")
        }
        self.port = Int(number)
    }

    private static let example = "controller.example:\(standardPort)"

    private static func split(_ text: String) throws(LinkError) -> (host: String, port: Substring?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw LinkError(.refused, "\"\(text)\": the bracket is not closed, as in [::1]:\(standardPort)")
            }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy(isOfAddress), rest.isEmpty || rest.hasPrefix(":") else {
                throw LinkError(.refused, "\"\(text)\" is no address: write it as [::1]:\(standardPort)")
            }
            return (host, rest.isEmpty ? nil : rest.dropFirst())
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw LinkError(.refused, "\"\(text)\": an IPv6 address stands in brackets, as in [::1]:\(standardPort)")
        }
        guard !text.isEmpty, parts[0].utf8.count <= 253, parts[0].utf8.allSatisfy(isOfName) else {
            throw LinkError(.refused, "\"\(text)\" is no address: write it as \(example)")
        }
        return (String(parts[0]), parts.count == 2 ? parts[1] : nil)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func isOfAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
        // A zone, such as in fe80::1%eth0, is of one machine; link-local addresses are written in hosts files.
        default: false
        }
    }

    var isIPv6: Bool { host.contains(":") }

    var isIPv4: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
