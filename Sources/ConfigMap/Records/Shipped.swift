/// What a branch shipped, and what of it we changed: enough to give it back byte for byte.
struct Shipped: Hashable, Codable, Sendable {
    /// Which commit it was read of; see ``Checkout``.
    var checkout: String?
    /// Every key with a plain string, as the branch has it.
    var shipped: [String: SourceText] = [:]
    /// What we wrote, the newest last. Two, when we may have been stopped between them.
    var written: [String: [SourceText]] = [:]

    /// Brings this up to date with a file, of a commit, before it is changed.
    ///
    /// One commit ships one value: what differs from it there was written by us or by hand. Of another commit a value
    /// is what it ships, unless it is still ours: git carries a change over to a commit that ships the same file.
    /// Without git a file in which something of ours is gone, or nothing is ours, is a new one.
    func brought(to config: PHPConfig, of checkout: String?) -> Shipped {
        var current: [String: SourceText] = [:]
        for key in config.entries.keys { current[key] = config.source(of: key).map { SourceText($0) } }
        let isOurs = { (key: String) in
            current[key].map { written[key]?.contains($0) == true } ?? false
        }
        var next = self
        next.checkout = checkout
        let isSame =
            checkout == nil ? !written.isEmpty && written.keys.allSatisfy(isOurs) : checkout == self.checkout
        if isSame, self.checkout == checkout {
            next.shipped.merge(current) { old, _ in old }
            return next
        }
        next.shipped = [:]
        for (key, source) in current { next.shipped[key] = isOurs(key) ? shipped[key] ?? source : source }
        next.written = written.filter { isOurs($0.key) }
        return next
    }
}
