package import Model

extension Subnet {
    /// The lowest host address that is free. The first one is the engine's own, as its bridge.
    package func address(avoiding taken: Set<String>) -> String? {
        let size = UInt64(1) << UInt64(32 - prefix)
        for offset in 2..<(size - 1) {
            let text = Self.dotted(base + UInt32(offset))
            if !taken.contains(text) { return text }
        }
        return nil
    }

    private static func dotted(_ address: UInt32) -> String {
        [24, 16, 8, 0].map { String(address >> $0 & 255) }.joined(separator: ".")
    }
}
