internal import Model
internal import Planner

/// `berth explain -o json`, version 1; the schema is `schemas/explain.v1.json`. Keys are only ever added to a version.
package struct ExplanationJSON: Sendable {
    private let answer: Explanation

    package init(_ answer: Explanation) { self.answer = answer }

    package var text: String { JSONText.document(Document(answer)) }

    private struct Document: Encodable {
        let version = 1
        /// `live`, or `manifests` of the revision.
        let basis: String
        @OrNull var revision: RevisionJSON?
        let gateway: String
        let request: Request
        @OrNull var sandbox: String?
        @OrNull var selectedBy: String?
        let inside: Bool
        let conflicts: [String]
        let carriers: [Carrier]
        @OrNull var rule: Rule?
        @OrNull var serviceFoundBy: String?
        let outcomes: [Outcome]
        let misses: [Miss]
        let otherMisses: Int
        let notes: [String]

        init(_ answer: Explanation) {
            switch answer.basis {
            case .live: basis = "live"
            case .manifests(let revision):
                basis = "manifests"
                self.revision = RevisionJSON(revision)
            }
            gateway = answer.gateway.name.text
            request = Request(answer.request)
            let selection = answer.decision.selection
            sandbox = selection.sandbox?.text
            selectedBy = selection.by?.word
            inside = selection.isInside
            conflicts = selection.conflicts
            carriers = answer.carriers.map(Carrier.init)
            rule = answer.rule.map { Rule($0.rule, $0.cause) }
            serviceFoundBy = answer.decision.service?.rawValue
            outcomes = answer.ways.map { Outcome($0, of: answer.decision.total, isOnly: answer.ways.count == 1) }
            misses = answer.misses.map { Miss(title: $0.rule.title, reason: $0.reason, cause: TraceJSON($0.cause)) }
            otherMisses = answer.otherMisses
            notes = answer.notes
        }
    }

    /// Its headers are the caller's own, and may hold secrets: they are not said again.
    private struct Request: Encodable {
        let method: String
        let host: String
        let port: UInt16
        let path: String
        @OrNull var query: String?

        init(_ request: GatewayRequest) {
            method = request.method
            host = request.host
            port = request.port
            path = request.path
            query = request.query
        }
    }

    private struct Carrier: Encodable {
        let carrier: String
        @OrNull var names: String?
        let verdict: String
        let message: String

        init(_ finding: CarrierFinding) {
            carrier = finding.carrier
            switch finding.claim {
            case .sandbox(let name): names = name.text
            case .stranger(let name): names = name
            case .unreadable: names = nil
            }
            verdict = finding.verdict.rawValue
            message = finding.sentence
        }
    }

    private struct Rule: Encodable {
        let title: String
        let match: String
        let cause: TraceJSON

        init(_ rule: RouteRule, _ cause: Cause?) {
            title = rule.title
            match = rule.match.words
            self.cause = TraceJSON(cause)
        }
    }

    private struct Outcome: Encodable {
        /// Of `total`.
        let weight: Int
        let total: Int
        /// Whether this request goes here for sure: the only one, or the one that its cookie picks.
        let certain: Bool
        @OrNull var status: Int?
        @OrNull var message: String?
        let label: String
        @OrNull var address: String?
        @OrNull var commit: String?
        @OrNull var path: String?
        @OrNull var query: String?
        @OrNull var service: String?
        let fallback: Bool
        let headers: [Header]
        let route: String
        @OrNull var cause: TraceJSON?

        init(_ way: Explanation.Way, of total: Int, isOnly: Bool) {
            weight = way.outcome.weight
            self.total = total
            certain = isOnly || way.isChosen
            label = way.label
            switch way.outcome.answer {
            case .forward(let endpoint, _, let path, let query):
                address = "\(endpoint)"
                self.path = path
                self.query = query
            case .refuse(let status, _, let message):
                self.status = status
                self.message = message
            }
            commit = way.commit
            service = way.outcome.key?.service.text
            fallback = way.outcome.isFallback
            headers = way.changes.map(Header.init)
            route = way.shown
            cause = way.cause.map { TraceJSON($0) }
        }
    }

    private struct Header: Encodable {
        let name: String
        /// `set` or `removed`.
        let change: String
        @OrNull var value: String?

        init(_ change: HeaderChange) {
            name = change.name
            switch change {
            case .set(_, let value):
                self.change = "set"
                self.value = value
            case .removed: self.change = "removed"
            }
        }
    }

    private struct Miss: Encodable {
        let title: String
        let reason: String
        let cause: TraceJSON
    }
}

/// Where something of a gateway is written: a place and a commit, or only words.
struct TraceJSON: Encodable, Sendable {
    let text: String
    @OrNull var place: PlaceJSON?
    @OrNull var revision: RevisionJSON?

    init(_ cause: Cause?) {
        text = Explanation.place(of: cause)
        guard case .manifest(let place, let by)? = cause else { return }
        self.place = PlaceJSON(place)
        revision = by.map(RevisionJSON.init)
    }
}
