internal import Model

/// What manifests may not say.
struct PolicySpec: Sendable {
    /// `nil` where nothing is said of them.
    var targets: Located<[TargetPolicy.Pattern]>?
}

extension PolicySpec {
    /// Names and networks of one policy; each target is compared with all.
    private static let mostTargets = 256

    static let table = KindTable(
        .policy, "What manifests may not say.", PolicySpec(),
        [Field("forbid", forbid, "What is an error.") { $0.targets = $1 }],
        wrap: Spec.policy)

    private static let forbid = Shape<Located<[TargetPolicy.Pattern]>?>.record(
        "forbid", nil,
        [
            Field(
                "literalTargetsNotIn", pattern.list(atMost: mostTargets).located,
                "An address that a sandbox names as \"target\" must be one of these: "
                    + "api.example.com, *.example.com, or a network such as 172.18.0.0/16."
            ) { $0 = $1 }
        ])

    private static let pattern = Shape<TargetPolicy.Pattern>.parsed(
        .text(pattern: "^((\\*\\.)?[A-Za-z0-9_.-]+|[0-9.]+/[0-9]+)$"),
        "a target; write api.example.com, *.example.com, or a network such as 172.18.0.0/16"
    ) { text in
        if text.contains("/") { return Subnet(text).map(TargetPolicy.Pattern.network) }
        let isWild = text.hasPrefix("*.")
        let name = isWild ? text.dropFirst(2) : text[...]
        guard EndpointText.isHost(name), !isWild || IPv4(String(name)) == nil else { return nil }
        return isWild ? .below(name.lowercased()) : .host(name.lowercased())
    }
}
