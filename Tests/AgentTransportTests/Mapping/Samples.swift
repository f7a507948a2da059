import AgentProtocol
import Foundation
import Model
import Reconciler
import Testing

@testable import AgentTransport

/// A few frames as a real session has them.
enum Samples {
    static let commit = CommitID("4be1c2d9f0a14be1c2d9f0a14be1c2d9f0a14be1")

    static let hello = Hello(
        node: sample("node-2"), release: Release(0, 1), boot: "7f3a", epoch: Epoch(41),
        now: Timestamp(milliseconds: 1_766_000_000_000), engine: "Docker 20.10.24",
        interrupted: [Interrupted(order: Order.ID(Epoch(41), 12), action: "create qa-account", remains: .found)])

    private static let spec = ContainerSpec(
        image: image("account:1.2"),
        environment: ["MODE": .plain("qa"), "PASSWORD": .secret(.file("/run/secrets/db"))],
        mounts: [Mount(source: "/var/lib/berth/tree", target: "/srv/app", isReadOnly: true)],
        ports: [ContainerPort(name: "http", number: 8080)],
        health: HealthCheck(probe: .http(path: "/health", port: 8080)))

    private static let draft = ContainerDraft(
        name: "berth-qa-account-1", sandbox: sample("qa"), service: sample("account"), spec: spec,
        digest: Digest(text: "0123456789abcdef0123456789abcdef"), network: "berth-qa", address: "10.210.0.3",
        published: [8080: 9001])

    private static let node = ObservedNode(
        node: sample("node-2"),
        containers: [
            ObservedContainer(
                id: ContainerID("0f1e2d3c"), name: "berth-qa-account-1",
                ownership: .ours(
                    Ownership.Mark(
                        sandbox: sample("qa"), service: sample("account"), uid: ResourceUID("u1"),
                        digest: Digest(text: "0123456789abcdef0123456789abcdef"))),
                image: "account:1.2", imageID: "sha256:1", published: [8080: 9001],
                attachments: ["berth-qa": ObservedContainer.Attachment(address: "10.210.0.3", aliases: ["account"])])
        ], secrets: [.file("/run/secrets/db"): Fingerprint(text: "9f")], busyPorts: [22, 9001])

    static let agent: [(name: String, frame: AgentFrame)] = [
        ("hello", .hello(hello)),
        ("observation", .observation(QuestionID(1), .full(ObservationID(1), node))),
        (
            "outcome",
            .outcome(
                Order.ID(Epoch(42), 2),
                .done(.flip(Receipt.Flip(effectiveAt: Timestamp(milliseconds: 1_766_000_000_500), openOnOld: 3))))
        ),
        (
            "failure",
            .outcome(Order.ID(Epoch(42), 3), .failed(HostError("start berth-qa-account-1", .stale, "it is gone")))
        ),
    ]

    static let controller: [(name: String, frame: ControllerFrame)] = [
        (
            "welcome",
            .welcome(
                Welcome(
                    release: Release(0, 1), epoch: Epoch(42), installation: InstallationID("b3"),
                    now: Timestamp(milliseconds: 1_766_000_000_100)))
        ),
        (
            "create",
            .perform(
                Order(id: Order.ID(Epoch(42), 1), uid: ResourceUID("u1"), revision: commit, action: .create(draft)))
        ),
        (
            "route",
            .perform(
                Order(
                    id: Order.ID(Epoch(42), 2), uid: ResourceUID("u2"), revision: commit,
                    action: .setRoute(
                        sample("main"), RouteKey(sandbox: sample("qa"), service: sample("account")),
                        .endpoint(Endpoint(scheme: .http, host: "192.0.2.7", port: 9001), label: "account@qa"))))
        ),
    ]

    /// The bytes of a frame as release 0.1 wrote them: `Golden/release-0.1.txt`, which is never written anew.
    static func recorded(_ name: String) throws -> [UInt8] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/release-0.1.txt")
        let lines = String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("\(name) ") }, "no bytes of \(name)")
        var digits = line.dropFirst(name.count + 1)
        var bytes: [UInt8] = []
        while !digits.isEmpty {
            bytes.append(try #require(UInt8(digits.prefix(2), radix: 16)))
            digits = digits.dropFirst(2)
        }
        return bytes
    }

    private static func image(_ text: String) -> ImageReference {
        guard let image = ImageReference(text) else { preconditionFailure("\(text) is an image") }
        return image
    }
}
