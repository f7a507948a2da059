internal import Model
internal import Reconciler

/// `berth status -o json`, version 1. Keys are only ever added to a version.
package struct StatusJSON: Sendable {
    private let standing: Standing

    package init(_ standing: Standing) { self.standing = standing }

    package var text: String { JSONText.document(Document(standing)) }

    private struct Document: Encodable {
        let version = 1
        let daemon: Daemon
        @OrNull var branch: String?
        @OrNull var head: RevisionJSON?
        @OrNull var updatedAt: String?
        let notices: [Remark]
        let sandboxes: [Sandbox]

        init(_ standing: Standing) {
            daemon = Daemon(standing.daemon)
            branch = standing.fleet?.branch
            head = standing.fleet?.head.map(RevisionJSON.init)
            updatedAt = standing.fleet?.updatedAt.iso
            notices = (standing.fleet?.notices ?? []).map(Notice.init).map(Remark.init)
            sandboxes = standing.sandboxes.map {
                Sandbox($0, address: standing.address(of: $0), node: standing.nodes[$0.sandbox])
            }
        }
    }

    private struct Daemon: Encodable {
        let running: Bool
        @OrNull var processId: Int32?

        init(_ daemon: Standing.Daemon) {
            switch daemon {
            case .running(let id):
                running = true
                processId = id
            case .notRunning:
                running = false
                processId = nil
            }
        }
    }

    private struct Remark: Encodable {
        let message: String
        @OrNull var remedy: String?

        init(_ notice: Notice) {
            message = notice.sentence
            remedy = notice.remedy
        }
    }

    private struct Sandbox: Encodable {
        let name: String
        let title: String
        @OrNull var owner: String?
        let phase: String
        let message: String
        @OrNull var attempted: String?
        @OrNull var applied: String?
        @OrNull var healthy: String?
        let cause: String
        /// `null` where there is one node alone, or nothing of it anywhere.
        @OrNull var node: String?
        @OrNull var port: UInt16?
        @OrNull var address: String?
        let services: [Service]
        let updatedAt: String

        init(_ status: SandboxStatus, address: String?, node: NodeName?) {
            name = status.sandbox.text
            title = status.title
            owner = status.owner
            phase = status.phase.rawValue
            message = status.message
            attempted = status.attempted?.text
            applied = status.applied?.text
            healthy = status.healthy?.text
            cause = status.cause
            self.node = node?.text
            port = status.port
            self.address = address
            services = status.services.sorted { $0.name < $1.name }.map(Service.init)
            updatedAt = status.updatedAt.iso
        }
    }

    private struct Service: Encodable {
        let name: String
        let use: String
        let health: String
        @OrNull var target: String?

        init(_ service: SandboxStatus.Service) {
            name = service.name.text
            use = service.use
            health = service.health
            target = service.target.isEmpty ? nil : service.target
        }
    }
}
