internal import Model

/// How a container differs from the draft of the one we want, field by field.
struct Drift {
    /// Differences that only a new container mends.
    var structural: [FieldChange] = []
    /// Differences the engine can mend while the container runs.
    var inPlace: [FieldChange] = []
    var isConnected = true

    var needsReplacement: Bool { !structural.isEmpty }

    /// Of a container that is not compared with anything.
    init(isConnected: Bool) { self.isConnected = isConnected }

    init(
        of container: ObservedContainer, from draft: ContainerDraft, imageID: String?,
        secrets: [SecretReference: Fingerprint?]
    ) {
        compareOrigin(container, draft)
        compareImage(container, draft, imageID)
        compareMounts(container, draft)
        compareCommand(container, draft)
        compareEnvironment(container, draft, secrets)
        comparePorts(container, draft)
        if container.restart != draft.spec.restart {
            structural.append(
                FieldChange("restart", from: container.restart.rawValue, to: draft.spec.restart.rawValue))
        }
        compareNetwork(container, draft)
        compareLabels(container.labels, draft.spec.labels)
        compareLimits(container.limits, draft.spec.limits)
        let digest = container.ownership.mark?.digest
        if structural.isEmpty, digest != draft.digest {
            // Files and health commands are not to be seen from outside; the digest knows of them.
            structural.append(
                FieldChange(
                    "files or health", from: digest.map { "@\($0.text.prefix(8))" },
                    to: "@\(draft.digest.text.prefix(8))"))
        }
    }

    private mutating func compareOrigin(_ container: ObservedContainer, _ draft: ContainerDraft) {
        let before = container.ownership.mark?.origin
        guard before != draft.origin else { return }
        let isSameCommit = before?.commit == draft.origin?.commit
        structural.append(
            isSameCommit
                ? FieldChange("recipe", from: before?.piece.text, to: draft.origin?.piece.text)
                : FieldChange("commit", from: before?.commit.short, to: draft.origin?.commit.short))
    }

    /// A new workpiece is another folder; that is told as the new commit it is.
    private mutating func compareMounts(_ container: ObservedContainer, _ draft: ContainerDraft) {
        guard container.mounts != Set(draft.spec.mounts), container.ownership.mark?.origin == draft.origin else {
            return
        }
        let targets = { (mounts: Set<Mount>) in mounts.map(\.target).sorted().joined(separator: ", ") }
        structural.append(
            FieldChange("mounts", from: targets(container.mounts), to: targets(Set(draft.spec.mounts))))
    }

    private mutating func compareImage(_ container: ObservedContainer, _ draft: ContainerDraft, _ imageID: String?) {
        let isMade = draft.origin != nil && container.ownership.mark?.origin != draft.origin
        if ImageReference.normalize(container.image) != draft.spec.image.normalized {
            // An image made of another commit is told as that commit.
            guard !isMade || !container.image.hasPrefix(Workpiece.registry) else { return }
            structural.append(FieldChange("image", from: container.image, to: draft.spec.image.text))
        } else if let imageID, imageID != container.imageID {
            structural.append(
                FieldChange(
                    "image", from: "\(container.image) @\(Self.short(container.imageID))", to: "@\(Self.short(imageID))"
                ))
        }
    }

    private mutating func compareCommand(_ container: ObservedContainer, _ draft: ContainerDraft) {
        guard let command = draft.spec.command, command != container.command else { return }
        structural.append(
            FieldChange("command", from: container.command?.joined(separator: " "), to: command.joined(separator: " ")))
    }

    private mutating func compareEnvironment(
        _ container: ObservedContainer, _ draft: ContainerDraft, _ secrets: [SecretReference: Fingerprint?]
    ) {
        for name in Set(container.environment.keys).union(draft.spec.environment.keys).sorted() {
            let change: FieldChange? =
                switch (container.environment[name], draft.spec.environment[name]) {
                case (.plain(let old)?, .plain(let new)?):
                    old == new ? nil : FieldChange("env.\(name)", from: old, to: new)
                case (.secret(let old)?, .secret(let reference)?):
                    old == secrets[reference].flatMap(\.self)
                        ? nil : FieldChange("env.\(name)", from: "(secret #1)", to: "(secret #2)")
                case (let old, let new):
                    FieldChange("env.\(name)", from: old.map(Self.words), to: new.map(Self.words))
                }
            if let change { structural.append(change) }
        }
    }

    private mutating func comparePorts(_ container: ObservedContainer, _ draft: ContainerDraft) {
        for port in Set(container.published.keys).union(draft.published.keys).sorted()
        where container.published[port] != draft.published[port] {
            structural.append(
                FieldChange(
                    "ports.\(port)", from: container.published[port].map { "\($0)" },
                    to: draft.published[port].map { "\($0)" }))
        }
    }

    private mutating func compareNetwork(_ container: ObservedContainer, _ draft: ContainerDraft) {
        guard let attachment = container.attachments[draft.network] else {
            isConnected = false
            return
        }
        if !attachment.aliases.contains(draft.service.text) {
            structural.append(FieldChange("alias", from: nil, to: draft.service.text))
        }
    }

    private mutating func compareLabels(_ old: [String: String], _ new: [String: String]) {
        for name in Set(old.keys).union(new.keys).sorted() where old[name] != new[name] {
            structural.append(FieldChange("labels.\(name)", from: old[name], to: new[name]))
        }
    }

    private mutating func compareLimits(_ old: Limits, _ new: Limits) {
        if old.cpuMillis != new.cpuMillis {
            inPlace.append(FieldChange("cpu", from: Quantity.cpu(old.cpuMillis), to: Quantity.cpu(new.cpuMillis)))
        }
        if old.memoryBytes != new.memoryBytes {
            inPlace.append(
                FieldChange("memory", from: Quantity.memory(old.memoryBytes), to: Quantity.memory(new.memoryBytes)))
        }
        if old.pids != new.pids {
            inPlace.append(FieldChange("pids", from: "\(old.pids)", to: "\(new.pids)"))
        }
    }

    private static func words(_ variable: ObservedVariable) -> String {
        switch variable {
        case .plain(let text): text
        case .secret: "(secret #1)"
        }
    }

    private static func words(_ value: EnvironmentValue) -> String {
        switch value {
        case .plain(let text): text
        case .secret: "(secret #2)"
        }
    }

    private static func short(_ id: String) -> String {
        String((id.split(separator: ":").last ?? "").prefix(8))
    }
}

/// Amounts as manifests write them.
package enum Quantity {
    package static func cpu(_ millis: Int) -> String { millis % 1000 == 0 ? "\(millis / 1000)" : "\(millis)m" }

    package static func memory(_ bytes: Int64) -> String {
        for (unit, shift) in [("Gi", Int64(30)), ("Mi", 20), ("Ki", 10)] where bytes >= 1 << shift {
            if bytes % (1 << shift) == 0 { return "\(bytes >> shift)\(unit)" }
        }
        return "\(bytes)"
    }
}
