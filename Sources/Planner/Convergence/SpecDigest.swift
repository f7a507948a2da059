package import Model

extension Digest {
    /// What `berth.digest` holds: everything that decides what a container is. Secrets enter by fingerprint.
    ///
    /// Every part is written with its length, so that no two specs can spell the same text.
    package init(
        of spec: ContainerSpec, published: [UInt16: UInt16], secrets: [SecretReference: Fingerprint?]
    ) {
        var text = SpecText(secrets: secrets)
        text.add("image", spec.image.text)
        for part in spec.command ?? [] { text.add("command", part) }
        text.add("command.set", "\(spec.command != nil)")
        for (name, value) in spec.environment.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .plain(let plain): text.add("env.\(name)", plain)
            case .secret(let reference): text.add("secret.\(name)", reference)
            }
        }
        for file in spec.files.sorted(by: { $0.path < $1.path }) {
            text.add("file", file.path)
            text.add("mode", "\(file.mode)")
            switch file.content {
            case .text(let content): text.add("content", content)
            case .secret(let reference): text.add("content.secret", reference)
            }
        }
        for mount in spec.mounts.sorted(by: { $0.target < $1.target }) {
            text.add("mount", mount.target)
            text.add("from", mount.source)
            text.add("read-only", "\(mount.isReadOnly)")
        }
        for port in spec.ports { text.add("port", "\(port.name) \(port.number) \(port.transport) \(port.isDefault)") }
        for (container, node) in published.sorted(by: { $0.key < $1.key }) {
            text.add("published", "\(container) \(node)")
        }
        text.add("restart", spec.restart.rawValue)
        for (name, value) in spec.labels.sorted(by: { $0.key < $1.key }) { text.add("label.\(name)", value) }
        // Only what the engine itself runs is part of the container; other probes can change without a new one.
        if case .command(let command)? = spec.health?.probe, let health = spec.health {
            for part in command { text.add("health", part) }
            let times = [health.intervalMillis, health.timeoutMillis, health.unhealthyAfter, health.startPeriodMillis]
            text.add("health.times", times.map(String.init).joined(separator: " "))
        }
        self.init(of: text.text)
    }
}

private struct SpecText {
    let secrets: [SecretReference: Fingerprint?]
    var text = ""

    mutating func add(_ key: String, _ value: String) { text += "\(key) \(value.utf8.count) \(value)\n" }

    mutating func add(_ key: String, _ reference: SecretReference) {
        add(key, secrets[reference].flatMap(\.self)?.text ?? "?")
    }
}

extension ContainerSpec {
    /// Every secret that making the container needs.
    package var secretReferences: Set<SecretReference> {
        var references: Set<SecretReference> = []
        for case .secret(let reference) in environment.values { references.insert(reference) }
        for file in files {
            if case .secret(let reference) = file.content { references.insert(reference) }
        }
        return references
    }
}
