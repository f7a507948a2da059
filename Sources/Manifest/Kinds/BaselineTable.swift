internal import Model

/// The shared deployment of a service.
struct BaselineSpec: Sendable {
    var service: Reference?
    var endpoint: Endpoint?
}

extension BaselineSpec {
    static let table = KindTable(
        .baseline, "A shared deployment of a service, for everybody who has no own.", BaselineSpec(),
        [
            Field("service", .reference, required: true, "The service it is a deployment of.") { $0.service = $1 },
            Field("url", .endpoint, required: true, "Where it answers.") { $0.endpoint = $1 },
        ], wrap: Spec.baseline)
}
