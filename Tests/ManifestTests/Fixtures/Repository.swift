import Manifest
import Model
import Testing

/// A small manifest repository in memory.
struct Repository {
    var files: [String: String]
    var contents: [String: [UInt8]] = [:]

    init(_ files: [String: String]) { self.files = files }

    var parsed: [ParsedFile] {
        files.sorted { $0.key < $1.key }.map { ParsedFile(path: $0.key, bytes: Array($0.value.utf8)) }
    }

    var resolution: Resolution {
        let parsed = parsed
        let broken = parsed.flatMap(\.broken)
        return Catalogue(
            objects: parsed.flatMap(\.objects), contents: contents,
            broken: Dictionary(broken) { first, _ in first }
        ).resolve()
    }

    /// Every problem of the repository, a line each, in order of place.
    var report: String {
        (parsed.flatMap(\.problems) + resolution.problems).sorted { $0.place < $1.place }
            .map { "\($0) [\($0.code)]" }.joined(separator: "\n")
    }

    /// Account, payment and user with baselines, as the samples of SDP expect them.
    static let catalogue = """
        service: account
        image: shop/account:{branch}
        ports: [{name: http, container: 8080}]
        health: {http: {path: /health}}
        baseline: {url: "https://account-dev.company.com"}
        ---
        service: payment
        image: shop/payment:{branch}
        baseline: {url: "https://payment-dev.company.com"}
        ---
        service: user
        image: shop/user:{branch}
        baseline: {url: "https://user-dev.company.com"}
        """

    /// The samples of the requirements, word for word.
    static let samples = """
        sandbox:
          QA-LOGIN-ERROR

        services:
          account:
            branch: feature/login-error
          payment:
            use_ocp: true
          user:
            use_ocp: true
        ---
        template:
          QA-DEFAULT

        gateway:
          branch: develop

        services:
          account:
            use_ocp: true
          payment:
            use_ocp: true
          user:
            use_ocp: true
        ---
        template:
          ACCOUNT-TESTING

        gateway:
          branch: develop

        services:
          account:
            branch: feature/account
          payment:
            use_ocp: true
          user:
            use_ocp: true
        """

    /// The catalogue with one more file, `a.yaml`.
    static func with(_ text: String) -> Repository { Repository(["catalogue.yaml": catalogue, "a.yaml": text]) }
}

func sandbox(_ name: String) throws -> SandboxName { try SandboxName(name) }
func service(_ name: String) throws -> ServiceName { try ServiceName(name) }
