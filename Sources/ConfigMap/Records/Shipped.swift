/// What a branch shipped, and what of it we changed: enough to give it back byte for byte.
struct Shipped: Hashable, Codable, Sendable {
    /// Which commit it was read of; see ``Checkout``.
    var checkout: String?
    /// Every key of a service with a plain string, as the branch has it. Other keys hold secrets, and are not kept.
    var shipped: [String: SourceText] = [:]
    /// What we wrote, the newest last. Two, when we may have been stopped between them.
    var written: [String: [SourceText]] = [:]

    /// Without what no service may have, which older versions kept too.
    func kept(by pattern: KeyPattern?) -> Shipped {
        var next = self
        next.shipped = shipped.filter { keeps($0.key, by: pattern) }
        return next
    }

    /// A key that we wrote is always to be given back.
    private func keeps(_ key: String, by pattern: KeyPattern?) -> Bool {
        pattern?.fits(key) == true || written[key] != nil
    }

    /// Brings this up to date with a file, of a commit, before it is changed.
    ///
    /// One commit ships one value: what differs from it there was written by us or by hand. Of another commit a value
    /// is what it ships, unless it is still ours: git carries a change over to a commit that ships the same file.
    /// Without git what a key shipped stays for as long as we write it, since nothing tells an edit by hand from a new
    /// file. Of the other keys a file in which something of ours is gone, or nothing is ours, ships anew.
    func brought(to config: PHPConfig, of checkout: String?, by pattern: KeyPattern?) -> Shipped {
        var current: [String: SourceText] = [:]
        for key in config.entries.keys where keeps(key, by: pattern) {
            current[key] = config.source(of: key).map { SourceText($0) }
        }
        let isOurs = { (key: String) in
            current[key].map { written[key]?.contains($0) == true } ?? false
        }
        var next = self
        if let checkout, checkout != self.checkout {
            next.checkout = checkout
            next.shipped = [:]
            for (key, source) in current { next.shipped[key] = isOurs(key) ? shipped[key] ?? source : source }
            next.written = written.filter { isOurs($0.key) }
            return next
        }
        if checkout == nil, written.isEmpty || !written.keys.allSatisfy(isOurs) {
            next.shipped = shipped.filter { written[$0.key] != nil }
        }
        next.shipped.merge(current) { old, _ in old }
        return next
    }
}
