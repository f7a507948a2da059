internal import Model

extension Resolver {
    mutating func resolvePolicies() {
        var first: Declared<PolicySpec>?
        for policy in index.policies.values.sorted(by: { $0.place < $1.place }) {
            guard let targets = policy.spec.targets else { continue }
            let allowed = attempt(policy.object.id) { _, findings -> [TargetPolicy.Pattern]? in
                guard let first else { return targets.value }
                findings.error(
                    policy.place(targets.mark), "exclusive",
                    "policy \(quoted(first.object.title)) at \(first.place.short) says where targets may be, and it "
                        + "holds; write all of them there")
                return nil
            }
            guard let allowed else { continue }
            first = policy
            result.targetPolicy = TargetPolicy(allowed: allowed)
            policyPlace = policy.place
        }
        // What a broken policy allows is not known, so nothing is allowed.
        if first == nil, brokenPolicy != nil { result.targetPolicy = TargetPolicy(allowed: []) }
    }

    private var brokenPolicy: (key: ObjectID, value: ManifestProblem)? {
        index.broken.filter { $0.key.kind == .policy }.min { $0.key < $1.key }
    }

    /// Checks an address that the author of a sandbox wrote (SSRF).
    func checkTarget(_ endpoint: Endpoint, at place: Place, _ findings: inout Findings) {
        guard let refusal = result.targetPolicy.refusal(ofHost: endpoint.host) else { return }
        if policyPlace == nil, TargetPolicy().refusal(ofHost: endpoint.host) == nil, let broken = brokenPolicy {
            findings.error(
                place, "broken-reference",
                "\(broken.key) is broken at \(broken.value.place), and only it says where targets may be; "
                    + "mend that first")
            return
        }
        let remedy = policyPlace.map { "write one that the policy at \($0.short) names" } ?? "write another address"
        findings.error(
            place, "target", "requests must not go to \(endpoint): \(refusal); \(remedy), or \"use: baseline\"")
    }
}
