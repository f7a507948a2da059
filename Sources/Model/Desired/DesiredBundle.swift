/// An archive of images (`docker save`) that nodes without a way to a registry load.
package struct DesiredBundle: Hashable, Sendable {
    package struct Image: Hashable, Sendable {
        package let reference: ImageReference
        /// The image's id on the engine (`sha256:…`), where its author wrote it: another one is replaced.
        package let id: String?

        package init(_ reference: ImageReference, id: String? = nil) {
            self.reference = reference
            self.id = id
        }
    }

    package let name: BundleName
    package var images: [Image]
    /// Absolute path of the archive on the node.
    package var archive: String
    /// SHA-256 of the archive, 64 lower-case hex digits; checked before anything of it is loaded.
    package var sha256: String
    /// The nodes that load it; empty means every node.
    package var nodes: Set<NodeName>
    package var place: Place

    package init(
        name: BundleName, images: [Image], archive: String, sha256: String, nodes: Set<NodeName> = [], place: Place
    ) {
        self.name = name
        self.images = images
        self.archive = archive
        self.sha256 = sha256
        self.nodes = nodes
        self.place = place
    }

    /// Those of its images that a node with `images` (id by normalised reference) lacks.
    package func missing(from images: [String: String]) -> [ImageReference] {
        self.images.filter { image in
            guard let present = images[image.reference.normalized] else { return true }
            return image.id.map { $0 != present } ?? false
        }.map(\.reference)
    }
}
