internal import Glibc
internal import Model
internal import Reconciler

/// Where Podman differs from Docker although it speaks Docker's interface, found on Podman 4.3.1; `docs/podman.md`
/// tells the same to people.
enum Podman {
    /// Of Podman's own interface, for what Docker's does not have there.
    static let prefix = "/v4.0.0/libpod"

    /// What Podman refuses with status 500 and words of its own.
    enum Refusal: String, CaseIterable {
        case nameTaken = "that name is already in use"
        case networkTaken = "network already exists"
        case subnetTaken = "is already used on the host or by another config"
        case networkInUse = "network is being used"
        case alreadyConnected = "network is already connected"
        case imageInUse = "image is in use by a container"
        case addressTaken = "is already allocated to container ID"
        case badArchive = "failed to load image"
        case noCommand = "attempted to invoke a command that was not found"

        /// The status that Docker answers with.
        var status: Int {
            switch self {
            case .nameTaken, .networkTaken, .imageInUse: 409
            case .subnetTaken, .networkInUse, .alreadyConnected, .badArchive, .noCommand: 400
            case .addressTaken: 500
            }
        }

        /// Docker's words, as ``EngineRefusal/says(_:)`` asks for them.
        var dockers: String {
            switch self {
            case .nameTaken, .networkTaken: "is already in use"
            case .subnetTaken: "pool overlaps"
            case .networkInUse: "has active endpoints"
            case .alreadyConnected: "already exists in network"
            case .imageInUse: "is using its referenced image"
            case .addressTaken: "address already in use"
            case .badArchive: "invalid"
            case .noCommand: "oci runtime create failed"
            }
        }
    }

    /// Refuses what Podman would make on the node: a folder that is to be mounted and is not there.
    static func checkFolders(
        _ sources: [String], of connection: EngineConnection, for operation: String
    ) async throws(HostError) {
        guard !sources.isEmpty else { return }
        switch try await connection.kind(for: operation) {
        case .docker: return
        case .podman:
            for source in sources where access(source, F_OK) != 0 {
                throw HostError(
                    operation, .stale,
                    "a folder that it mounts is not there any more: bind source path does not exist: \(source)")
            }
        }
    }

    // MARK: Observing

    private enum Key {
        /// The address that a container was made with: Podman tells that of a running one only.
        static let address = "berth.address"
        /// The name by which its image was asked for: where the image has several, Podman tells any of them.
        static let image = "berth.image"
    }

    static func labels(_ draft: ContainerDraft) -> [String: String] {
        [Key.address: draft.address, Key.image: draft.spec.image.text]
    }

    /// One that follows from the address, as Docker's do: whoever remembers it of a container that is gone finds the
    /// next one at the same address. Podman takes another each time, and the node talks to the old one for half a minute.
    static func hardwareAddress(for address: String) -> String? {
        let parts = address.split(separator: ".").compactMap { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return ([0x02, 0x42] + parts).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    /// Adds what Podman does not tell as Docker does.
    static func complete(_ container: inout ObservedContainer, from found: InspectedContainer) {
        if let process = found.state.process, process > 0 {
            container.limits = ControlGroup().limits(of: process, insteadOf: container.limits)
        }
        if let image = found.config.labels?[Key.image] { container.image = image }
        guard let address = found.config.labels?[Key.address] else { return }
        for (network, attachment) in container.attachments where attachment.address.isEmpty {
            container.attachments[network] = .init(address: address, aliases: attachment.aliases)
        }
    }

    /// One that stopped may have been connected at another address since it was made, and its first one given away:
    /// then it is not known where it will be. No two containers of Docker have one address.
    static func withoutLentAddresses(_ containers: [ObservedContainer]) -> [ObservedContainer] {
        func places(_ container: ObservedContainer) -> [String] {
            container.attachments.filter { !$0.value.address.isEmpty }.map { "\($0.key) \($0.value.address)" }
        }
        let taken = Set(containers.filter { $0.state == .running }.flatMap(places))
        return containers.map { container in
            guard container.state != .running else { return container }
            var container = container
            for (network, attachment) in container.attachments
            where taken.contains("\(network) \(attachment.address)") {
                container.attachments[network] = .init(address: "", aliases: attachment.aliases)
            }
            return container
        }
    }

    /// An attribute of each of Podman's events, and of none of Docker's.
    static let eventMark = "podId"

    // MARK: Networks

    /// What a network is removed by: asked by its id, Podman takes it away under those who use it.
    static func path(ofNetwork network: AnsweredNetwork) -> String {
        "/networks/\(EngineRequest.escape(network.name))"
    }

    // MARK: Images

    /// `Loaded image: localhost/shop/account:1,localhost/shop/payment:1`.
    static func names(inAnswer text: String) -> [String] {
        let begin = "Loaded image: "
        guard text.hasPrefix(begin) else { return [] }
        return text.dropFirst(begin.count).split { $0 == "," || $0.isWhitespace }.map(String.init)
    }

    /// Gives an image the name that it had in its archive: for one without a registry, which means Docker's everywhere
    /// else, Podman puts `localhost/` before it, and then does not find it. `nil` where there is nothing to mend.
    static func naming(loaded name: String) -> EngineRequest? {
        let local = "localhost/"
        guard name.hasPrefix(local), let colon = name.lastIndex(of: ":"), let image = ImageReference(name) else {
            return nil
        }
        let repository = "\(ImageReference.impliedRegistry)/\(name[..<colon].dropFirst(local.count))"
        return EngineRequest(
            .post, "\(EngineRequest.path(of: image))/tag",
            query: [("repo", repository), ("tag", String(name[name.index(after: colon)...]))])
    }

    // MARK: Limits

    /// Docker's form of the request is unknown to Podman 4.
    static func update(_ path: String, _ limits: Limits, for operation: String) throws(HostError) -> EngineRequest {
        struct Resources: Encodable {
            struct Memory: Encodable { let limit, swap: Int64 }
            struct CPU: Encodable { let quota, period: Int64 }
            struct Processes: Encodable { let limit: Int64 }
            let memory: Memory
            let cpu: CPU
            let pids: Processes
        }
        func orNone(_ value: Int64) -> Int64 { value > 0 ? value : -1 }
        let memory = orNone(limits.memoryBytes)
        let resources = Resources(
            memory: .init(limit: memory, swap: memory),
            cpu: .init(
                quota: orNone(Int64(limits.cpuMillis) * ControlGroup.period / 1000), period: ControlGroup.period),
            pids: .init(limit: orNone(Int64(limits.pids))))
        var request = try EngineRequest.post("\(path)/update", json: resources, for: operation)
        request.dialect = .podman
        return request
    }

    // MARK: Health

    /// Asks for the verdict of a container's health command now.
    static func check(_ path: String) -> EngineRequest {
        var request = EngineRequest(.get, "\(path)/healthcheck")
        request.dialect = .podman
        return request
    }
}
