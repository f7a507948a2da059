import Manifest
import Model
import Testing

@Suite struct BundleTests {
    private static let sum = String(repeating: "0", count: 64)

    @Test func bundleNamesImagesArchiveAndNodes() throws {
        let repository = Repository.with(
            """
            apiVersion: berth.dev/v1
            kind: ImageBundle
            metadata: {name: base-images}
            spec:
              images: [{ref: "alpine:3.20", digest: "sha256:\(Self.sum)"}, {ref: "php:8.3-apache"}, busybox]
              archive: /srv/bundles/base.tar
              sha256: "\(Self.sum)"
              nodes: [micro-92, GATEWAY-186]
            ---
            node: micro-92
            ---
            node: gateway-186
            """)
        #expect(repository.report == "")
        let reference = { (text: String) in try #require(ImageReference(text)) }
        #expect(
            repository.resolution.bundles == [
                try BundleName("base-images"): DesiredBundle(
                    name: try BundleName("base-images"),
                    images: [
                        DesiredBundle.Image(try reference("alpine:3.20"), id: "sha256:\(Self.sum)"),
                        DesiredBundle.Image(try reference("php:8.3-apache")),
                        DesiredBundle.Image(try reference("busybox")),
                    ],
                    archive: "/srv/bundles/base.tar", sha256: Self.sum,
                    nodes: [try NodeName("micro-92"), try NodeName("gateway-186")],
                    place: Place(file: "a.yaml", line: 1, column: 1))
            ])
    }

    @Test func bundleThatNamesNoNodeIsForAll() {
        let repository = Repository.with("imageBundle: b\nimages: [a]\narchive: /b.tar\nsha256: '\(Self.sum)'\n")
        #expect(repository.report == "")
        #expect(repository.resolution.bundles.values.map(\.nodes) == [[]])
    }

    @Test func bundlesOfDifferentNodesMayHoldDifferentVersions() {
        let other = String(repeating: "1", count: 64)
        func bundle(_ name: String, _ digest: String, _ node: String) -> String {
            "imageBundle: \(name)\nimages: [{ref: a, digest: 'sha256:\(digest)'}]\narchive: /\(name).tar\n"
                + "sha256: '\(Self.sum)'\nnodes: [\(node)]\n---\n"
        }
        let nodes = "node: m\n---\nnode: n\n"
        let apart = Repository.with(bundle("x", Self.sum, "m") + bundle("y", other, "n") + nodes)
        #expect(apart.report == "")
        let together = Repository.with(bundle("x", Self.sum, "m") + bundle("y", other, "'m', n") + nodes)
        #expect(together.resolution.problems.map(\.code) == ["image-clash"])
        #expect(together.resolution.bundles.keys.map(\.text) == ["x"])
        #expect(together.resolution.brokenObjects.keys.map(\.description) == ["imageBundle y"])
    }
}
