import Model
import Reconciler
import TestSupport

/// A manifest repository with a gateway, two services and the sandboxes of a test.
struct Shop {
    let source = MemorySource()
    let loader: ManifestLoader

    static let places = """
        gateway: main
        listeners: [{name: a, from: 18080, to: 18099}]
        """

    static let catalogue = """
        service: account
        image: shop/account:{branch}
        baseline: {url: "http://account.ocp"}
        ---
        service: payment
        image: shop/payment:{branch}
        baseline: {url: "http://payment.ocp"}
        """

    init() async {
        loader = ManifestLoader(source: source)
        await source.commit(["catalogue.yaml": .text(Self.catalogue), "places.yaml": .text(Self.places)])
    }

    /// Commits and loads.
    func push(_ changes: [String: MemorySource.Item?], by author: String = "Achmad") async throws -> DesiredState {
        try await loader.load(await source.commit(changes, by: author))
    }

    /// A sandbox that runs account from `branch`.
    static func sandbox(_ name: String, _ branch: String) -> MemorySource.Item {
        .text("sandbox: \(name)\nservices: {account: {branch: \(branch)}}\n")
    }
}

extension MemorySource.Item {
    static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }
}

extension DesiredState {
    /// The images of a sandbox's containers by service; `nil` where there is no such sandbox.
    func images(_ sandbox: String) -> [String: String]? {
        sandboxes[Sample.name(sandbox)].map { sandbox in
            Dictionary(
                uniqueKeysWithValues: sandbox.services.compactMap { name, service in
                    service.container.map { (name.text, $0.image.text) }
                })
        }
    }

    func lastGood(_ sandbox: String) -> CommitID? { sandboxes[Sample.name(sandbox)]?.lastGood }

    func isFrozen(_ sandbox: String) -> Bool { frozen[Sample.name(sandbox)] != nil }

    var codes: [String] { problems.map(\.code) }
}
