internal import Model

/// Images that are carried to nodes in a file.
struct BundleSpec: Sendable {
    struct Image: Sendable {
        var reference: ImageReference?
        var id: String?
    }

    var images: [Located<Image>] = []
    var archive = ""
    var sha256 = ""
    var nodes: [Reference] = []
}

extension BundleSpec {
    static let table = KindTable(
        .imageBundle, "Images for nodes that pull none, in an archive of docker save.", BundleSpec(),
        [
            Field("images", image.located.list(atLeast: 1), required: true, "What the archive holds.") {
                $0.images = $1
            },
            Field("archive", .absolutePath, required: true, "The archive on the node, as docker save -o made it.") {
                $0.archive = $1
            },
            Field(
                "sha256", .sha256, required: true,
                "The 64 digits that sha256sum ARCHIVE prints; nothing else is loaded."
            ) { $0.sha256 = $1 },
            Field("nodes", Shape<Reference>.reference.list(), default: "every node", "The machines that load it.") {
                $0.nodes = $1
            },
        ],
        check: { bundle, _, reader in
            EnvironmentSpec.rejectTwins(
                bundle.images.compactMap { image in image.value.reference.map { ($0.normalized, image.mark) } },
                "image", &reader)
            EnvironmentSpec.rejectTwins(bundle.nodes.map { ($0.name, $0.mark) }, "node", &reader)
        },
        wrap: Spec.imageBundle)

    private static let image: Shape<Image> = .text(
        Shape<ImageReference>.wholeImage.map { Image(reference: $0) },
        or: .record(
            "bundleImage", Image(),
            [
                Field("ref", .wholeImage, required: true, "The image.") { $0.reference = $1 },
                Field("digest", .imageID, "The image's id, as docker images --no-trunc shows it; another is replaced.")
                { $0.id = $1 },
            ]))
}

extension Shape where Value == ImageReference {
    /// An image reference without a place for the branch.
    fileprivate static var wholeImage: Shape {
        .parsed(
            .text(pattern: "^[^\\s\"'\\\\{}]+$"), "an image reference; write it like alpine:3.20, in lower case"
        ) { text in
            ImageReference(text).flatMap { image in
                ImageText.repository(of: image).utf8.contains { (65...90).contains($0) } ? nil : image
            }
        }
    }
}

extension Shape where Value == String {
    fileprivate static var sha256: Shape {
        .text(
            "a SHA-256; write the 64 digits that sha256sum ARCHIVE prints", pattern: "^[0-9a-f]{64}$", where: isSHA256)
    }

    fileprivate static var imageID: Shape {
        .text(
            "an image's id; write sha256: and 64 digits, as docker images --no-trunc shows it",
            pattern: "^sha256:[0-9a-f]{64}$"
        ) { $0.hasPrefix("sha256:") && isSHA256(String($0.dropFirst(7))) }
    }

    @Sendable private static func isSHA256(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
