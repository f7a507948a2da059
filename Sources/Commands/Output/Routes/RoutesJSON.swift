internal import Model
internal import Planner

/// `berth routes -o json`, version 1; the schema is `schemas/routes.v1.json`. Keys are only ever added to a version.
package struct RoutesJSON: Sendable {
    private let picture: RoutesPicture

    package init(_ picture: RoutesPicture) { self.picture = picture }

    package var text: String { JSONText.document(Document(gateways: picture.gateways.map(Gateway.init))) }

    private struct Document: Encodable {
        let version = 1
        let gateways: [Gateway]
    }

    private struct Gateway: Encodable {
        let name: String
        let node: String
        let driver: String
        @OrNull var trouble: String?
        let place: PlaceJSON
        let sandboxes: [Section]

        init(_ gateway: RoutesPicture.Gateway) {
            name = gateway.name.text
            node = gateway.node.text
            driver = gateway.driver
            trouble = gateway.trouble
            place = PlaceJSON(gateway.place)
            sandboxes = gateway.sections.map(Section.init)
        }
    }

    private struct Section: Encodable {
        /// Null for requests outside every sandbox.
        @OrNull var sandbox: String?
        @OrNull var cause: TraceJSON?
        @OrNull var remark: String?
        let ways: [Way]
        let routes: [Route]
        let rules: [Rule]

        init(_ section: RoutesPicture.Section) {
            sandbox = section.sandbox?.text
            cause = section.cause.map { TraceJSON($0) }
            remark = section.remark
            ways = section.ways.map(Way.init)
            routes =
                section.routes.map { Route($0, isListed: true) } + section.unlisted.map { Route($0, isListed: false) }
            rules = section.rules.map(Rule.init)
        }
    }

    private struct Way: Encodable {
        let kind: String
        let text: String

        init(_ way: RoutesPicture.Way) {
            switch way {
            case .url(let url):
                kind = "url"
                text = url
            case .serviceURL(let url):
                kind = "serviceUrl"
                text = url
            case .carrier(let carrier):
                kind = "carrier"
                text = carrier
            }
        }
    }

    private struct Route: Encodable {
        let service: String
        /// Whether the sandbox itself says where it goes.
        let listed: Bool
        let state: String
        let label: String
        @OrNull var address: String?
        @OrNull var note: String?
        @OrNull var version: String?
        let cause: TraceJSON
        @OrNull var flip: Flip?

        init(_ route: RoutesPicture.Route, isListed: Bool) {
            service = route.service.text
            listed = isListed
            state = route.state.rawValue
            label = route.target.label
            address = route.target.endpoint.map { "\($0)" }
            note = route.note
            version = route.version
            cause = TraceJSON(route.cause)
            flip = route.flip.map { Flip(at: $0.at.iso, message: $0.message) }
        }
    }

    private struct Flip: Encodable {
        let at: String
        let message: String
    }

    private struct Rule: Encodable {
        let title: String
        /// Whether it is for every sandbox.
        let everybody: Bool
        let match: String
        let destination: String
        let backends: [Backend]
        @OrNull var stickyCookie: String?
        let fallback: [String]
        let cause: TraceJSON

        init(_ rule: RoutesPicture.Rule) {
            title = rule.rule.title
            everybody = rule.scope == .everybody
            match = rule.rule.match.words
            destination = rule.rule.destination
            backends = rule.rule.backends.map {
                Backend(service: $0.service.text, use: $0.use.rawValue, weight: $0.weight)
            }
            stickyCookie = rule.rule.stickyCookie
            fallback = rule.rule.fallback.sorted().map(\.rawValue)
            cause = TraceJSON(rule.cause)
        }
    }

    private struct Backend: Encodable {
        let service: String
        let use: String
        let weight: Int
    }
}
