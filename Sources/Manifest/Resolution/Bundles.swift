internal import Model

extension Resolver {
    mutating func resolveBundles() {
        for bundle in index.bundles.values.sorted(by: { $0.place < $1.place }) {
            let desired = attempt(bundle.object.id) { resolver, findings in
                resolver.bundle(bundle, &findings)
            }
            if let desired { result.bundles[desired.name] = desired }
        }
    }

    private func bundle(_ bundle: Declared<BundleSpec>, _ findings: inout Findings) -> DesiredBundle? {
        let nodes = bundle.spec.nodes.compactMap { reference in
            node(
                reference.placed(in: bundle.place.file), of: "bundle", key: "nodes", at: bundle.place, &findings)
        }
        let images = bundle.spec.images.compactMap { image in
            image.value.reference.map { DesiredBundle.Image($0, id: image.value.id) }
        }
        let desired = DesiredBundle(
            name: Self.name(bundle.name), images: images, archive: bundle.spec.archive, sha256: bundle.spec.sha256,
            nodes: Set(nodes), place: bundle.place)
        for other in result.bundles.values.sorted(by: { $0.place < $1.place }) where other.meets(desired) {
            guard let image = other.contested(by: desired) else { continue }
            findings.error(
                bundle.place, "image-clash",
                "bundle \(other.name) at \(other.place.short) brings \(image) with another digest; "
                    + "they would replace each other without end, so keep it in one of them")
        }
        return desired
    }
}

extension DesiredBundle {
    /// Whether both are loaded by one node.
    fileprivate func meets(_ other: DesiredBundle) -> Bool {
        nodes.isEmpty || other.nodes.isEmpty || !nodes.isDisjoint(with: other.nodes)
    }

    /// The first image of which each of them insists on another id.
    fileprivate func contested(by other: DesiredBundle) -> ImageReference? {
        let ids = Dictionary(images.map { ($0.reference.normalized, $0.id) }) { first, _ in first }
        return other.images.first { image in
            guard let id = image.id, let known = ids[image.reference.normalized] ?? nil else { return false }
            return id != known
        }?.reference
    }
}
