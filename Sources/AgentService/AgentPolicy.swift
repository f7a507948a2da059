package import Model
package import Reconciler

/// What the owner of a machine allows its agent, whoever asks: the agent's configuration file.
package struct AgentPolicy: Hashable, Sendable {
    /// `nil` where the file names none: then any folder may be read. Where it does, only these.
    package var repositories: [RepositoryName: String]?
    /// The agent's own folders, absolute: where ``repositories`` is given, containers see no others of the node. `nil`
    /// is any.
    package var ownFolders: [String]?
    /// The ports of the node that containers may be published at; `nil` is any. Those of gateways are no part of it.
    package var ports: ClosedRange<UInt16>?
    /// Containers of ours at once, replacements beside what they replace included; `nil` is any number.
    package var mostContainers: Int?
    /// Builds at once; `nil` is what the node's manifest says.
    package var mostBuilds: Int?
    /// Orders under way at once, ``AgentProtocol`` bounds it too.
    package var mostOrders: Int?
    /// Whether commands of builds may run on the machine itself.
    package var allowHostBuilds: Bool

    package init(
        repositories: [RepositoryName: String]? = nil, ports: ClosedRange<UInt16>? = nil, mostContainers: Int? = nil,
        mostBuilds: Int? = nil, mostOrders: Int? = nil, allowHostBuilds: Bool = true, ownFolders: [String]? = nil
    ) {
        self.repositories = repositories
        self.ports = ports
        self.mostContainers = mostContainers
        self.mostBuilds = mostBuilds
        self.mostOrders = mostOrders
        self.allowHostBuilds = allowHostBuilds
        self.ownFolders = ownFolders
    }

    /// The same for an agent whose own folders are these.
    package func confined(to folders: [String]) -> Self {
        var policy = self
        policy.ownFolders = folders
        return policy
    }

    /// Why the agent does not do this, whatever its node looks like; `nil` where it does.
    package func objection(to action: Action) -> HostError? {
        switch action {
        case .fetch(let piece), .checkout(let piece):
            return objection(to: piece.repository).map { HostError("\(action)", .refused, $0) }
        case .build(let piece):
            if let objection = objection(to: piece.repository) { return HostError("\(action)", .refused, objection) }
            guard case .worktree(_?, _) = piece.recipe, !allowHostBuilds else { return nil }
            return HostError(
                "\(action)", .refused,
                "this node runs no commands of builds (allowHostBuilds: false in its agent's configuration); build "
                    + "with a Dockerfile, or place the sandbox on another node")
        case .create(let draft):
            if let mount = draft.spec.mounts.first(where: { !isOwn($0.source) }) {
                return HostError(
                    "\(action)", .refused,
                    "containers of this node may not see \(mount.source): its agent's configuration lists what may be "
                        + "read (repositories), and only what is made of that is mounted")
            }
            guard let ports, let port = draft.published.values.filter({ !ports.contains($0) }).min() else {
                return nil
            }
            return HostError(
                "\(action)", .refused,
                "port \(port) may not be published on this node: its agent's configuration allows \(ports.lowerBound) "
                    + "to \(ports.upperBound) (ports)")
        case .createNetwork, .removeNetwork, .pull, .load, .discard, .start, .unpause, .awaitHealthy, .awaitReachable,
            .connect, .updateLimits, .rename, .drain, .stop, .remove, .configureGateway, .dismantleGateway, .admit,
            .dismiss, .setRoute, .removeRoute, .setRules, .setNames, .removeNames:
            return nil
        }
    }

    /// The same where `containers` of ours are there already or on their way.
    package func objection(to action: Action, beside containers: Int) -> HostError? {
        guard case .create = action, let mostContainers, containers >= mostContainers else { return nil }
        return HostError(
            "\(action)", .refused,
            "this node has \(containers) containers of ours and may have \(mostContainers) (limits.containers in its "
                + "agent's configuration)")
    }

    /// The same question without what may not be read, and the answers to the rest.
    package func admitted(_ inquiry: Inquiry) -> (inquiry: Inquiry, refused: [CodeReference: CodeReading]) {
        var admitted = inquiry
        var refused: [CodeReference: CodeReading] = [:]
        for making in inquiry.makings {
            guard let objection = objection(to: making.repository) else { continue }
            admitted.makings.remove(making)
            refused[making.code] = .unreachable(objection)
        }
        return (admitted, refused)
    }

    private func isOwn(_ source: String) -> Bool {
        guard repositories != nil, let ownFolders else { return true }
        guard let parts = Self.parts(of: source) else { return false }
        return ownFolders.contains { own in
            guard let own = Self.parts(of: own) else { return false }
            return parts.count > own.count && parts.starts(with: own)
        }
    }

    private func objection(to repository: CodeRepository) -> String? {
        guard let repositories, let folder = repository.folder else { return nil }
        guard let path = repositories[repository.name] else {
            return "this node may not read \(folder): its agent's configuration lists no repository "
                + "\(repository.name) (repositories)"
        }
        guard let parts = Self.parts(of: folder), parts == Self.parts(of: path) else {
            return "this node may not read \(folder): its agent's configuration has \(repository.name) at \(path) "
                + "(repositories)"
        }
        return nil
    }

    /// Without doubled and closing slashes and `.`; one with `..`, and one that does not begin at the root, is equal to
    /// nothing.
    private static func parts(of path: String) -> [Substring]? {
        let parts = path.split(separator: "/").filter { $0 != "." }
        return parts.contains("..") || !path.hasPrefix("/") ? nil : parts
    }
}

extension CodeRepository {
    /// The folder of the node that it is, however that is spelt; `nil` for what another machine serves.
    fileprivate var folder: String? {
        switch location {
        case .folder(let path): return path
        case .url(let url):
            if url.hasPrefix("/") { return url }
            guard let mark = url.firstRange(of: "://") else { return Self.isShortSSH(url) ? nil : url }
            guard url[..<mark.lowerBound].lowercased() == "file" else { return nil }
            // What stands before the path names a host, and that is this one.
            return String(url[mark.upperBound...].drop { $0 != "/" })
        }
    }

    /// `user@host:path`.
    private static func isShortSSH(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), let at = text[..<colon].firstIndex(of: "@") else { return false }
        return at != text.startIndex && text.index(after: at) != colon && !text[..<colon].contains("/")
    }
}
