/// A domain and a path that stand for a service.
struct DeploymentSpec: Sendable {
    var gateway: Reference?
    var domain = ""
    /// Without a slash at its end; `/` is the whole domain.
    var path = "/"
    var service: Reference?
    var stripsPath = true
}

extension DeploymentSpec {
    static let table = KindTable(
        .deployment, "A domain and a path at which a service answers.", DeploymentSpec(),
        [
            Field(
                "gateway", .reference, default: "the only gateway of driver haproxy", "The gateway that answers there."
            ) { $0.gateway = $1 },
            Field("domain", Shape<String>.host, required: true, "The host that is asked for.") { $0.domain = $1 },
            Field(
                "path", Shape<String>.routePath, default: "/",
                "The first segments of the path. Of several, the longest that fits answers."
            ) { $0.path = PathText.withoutTail($1) },
            Field("service", .reference, required: true, "The service that answers.") { $0.service = $1 },
            Field("stripPath", .boolean, default: "true", "Whether the service sees paths without \"path\".") {
                $0.stripsPath = $1
            },
        ],
        wrap: Spec.deployment)
}
