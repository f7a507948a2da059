package import Model

extension Subnet {
    /// The lowest host address that is free. The first one is the engine's own, as its bridge.
    package func address(avoiding taken: Set<String>) -> String? {
        let size = UInt64(1) << UInt64(32 - prefix)
        for offset in 2..<(size - 1) {
            let text = "\(IPv4(number: base + UInt32(offset)))"
            if !taken.contains(text) { return text }
        }
        return nil
    }

    /// The engine's own address in a network, as its bridge: the machine, as seen from the containers.
    package var bridge: String { "\(IPv4(number: base + 1))" }
}
