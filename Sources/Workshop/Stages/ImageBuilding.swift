internal import Model
internal import Reconciler

extension Workshop {
    /// Bases of those images whose commit is here already.
    func bases(of pieces: [Workpiece]) async -> [Workpiece.ID: Set<ImageReference>] {
        var bases: [Workpiece.ID: Set<ImageReference>] = [:]
        for piece in pieces {
            guard case .image(let build) = piece.recipe, bases[piece.id] == nil else { continue }
            if let known = shelf.bases(of: piece.id) {
                bases[piece.id] = known
                continue
            }
            let mirror = settings.mirror(of: piece.repository.name)
            guard await code.contains(piece.commit, in: mirror) else { continue }
            do {
                let found = try await BuildContext.bases(of: piece, build, from: mirror, of: code)
                shelf.remember(found, of: piece.id)
                bases[piece.id] = found
            } catch is BuildContext.Problem {
                // The build itself tells of it; the commit is not read for it in every survey.
                shelf.remember([], of: piece.id)
                bases[piece.id] = []
            } catch {
                continue
            }
        }
        return bases
    }

    func make(_ build: ImageBuild, _ site: Site, as uid: ResourceUID) async throws(HostError) {
        guard let image = site.piece.image else { preconditionFailure("an image recipe makes an image") }
        // Its name holds commit and recipe: what has this name is this.
        if try await images.image(image) != nil {
            site.log.line("\(image) is here already")
            return try write(.made, site, as: uid)
        }
        try write(.begun, site, as: uid)
        let mirror = settings.mirror(of: site.piece.repository.name)
        let context = try await context(of: build, from: mirror, site)
        for path in context.submodules { site.log.line("\(path) is a submodule and is left out") }
        for base in context.bases.sorted() where try await images.image(base) == nil {
            throw HostError(
                site.operation, .stale,
                "its Dockerfile builds on \(base), which this node does not have; pull it, or load it by an ImageBundle"
            )
        }
        let order = ImageOrder(
            image: image, dockerfile: build.dockerfile, target: build.target, arguments: build.arguments,
            piece: site.piece.id, timeout: .milliseconds(build.timeoutMillis), limits: settings.builder.limits)
        let log = site.log
        do throws(HostError) {
            try await images.build(order, from: context.archive(from: mirror, of: code)) { line in
                log.add(Array("\(line)\n".utf8)[...])
            }
        } catch {
            log.flush()
            guard !Task.isCancelled else {
                throw HostError(site.operation, .stale, "it was given up; nobody needs it now")
            }
            guard error.failure == .refused else { throw error }
            throw try remember(error.message, of: .build, site)
        }
        log.flush()
        try write(.made, site, as: uid)
    }

    private func context(of build: ImageBuild, from mirror: String, _ site: Site) async throws(HostError)
        -> BuildContext
    {
        do {
            return try await BuildContext.read(site.piece, build, from: mirror, of: code)
        } catch let problem as BuildContext.Problem {
            throw try remember(problem.message, of: .build, site)
        } catch let error as SourceError {
            throw try await explain(error, site)
        } catch {
            throw HostError(site.operation, .unreachable, "\(error)")
        }
    }
}
