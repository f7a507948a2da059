internal import Model
internal import Reconciler

/// `berth node list -o json` and `berth node describe NODE -o json`, version 1. Keys are only ever added to a version.
package struct NodesJSON: Sendable {
    private let nodes: [NodesPicture.Node]
    private let picture: NodesPicture

    /// `nodes` of the picture: all, or the one that was asked for.
    package init(_ nodes: [NodesPicture.Node], in picture: NodesPicture) {
        self.nodes = nodes
        self.picture = picture
    }

    package var text: String { JSONText.document(Document(nodes, picture)) }

    private struct Document: Encodable {
        let version = 1
        let daemonRunning: Bool
        let nodes: [Node]

        init(_ nodes: [NodesPicture.Node], _ picture: NodesPicture) {
            daemonRunning =
                switch picture.daemon {
                case .running: true
                case .notRunning: false
                }
            self.nodes = nodes.map(Node.init)
        }
    }

    private struct Node: Encodable {
        let name: String
        /// `null` of one that no look has told of.
        @OrNull var connection: String?
        @OrNull var since: String?
        @OrNull var seenAt: String?
        let message: String
        let release: String
        let engine: String
        @OrNull var clockSkewMillis: Int64?
        @OrNull var containers: Int?
        let cordoned: Bool
        let draining: Bool
        @OrNull var cordonedBy: String?
        @OrNull var certificate: Certificate?
        let revokedCertificates: Int
        /// `null` where the manifests were not read, or do not name it.
        @OrNull var wanted: Wanted?
        let ports: [UInt16]
        let subnets: [String]
        let gateways: [String]
        let sandboxes: [Sandbox]

        init(_ node: NodesPicture.Node) {
            let status = node.status
            name = node.name.text
            connection = status?.connection.rawValue
            since = status?.since.iso
            seenAt = status?.seenAt?.iso
            message = status?.message ?? ""
            release = status?.release ?? ""
            engine = status?.engine ?? ""
            clockSkewMillis = status?.skewMillis
            containers = status?.containers
            cordoned = node.scheduling != "Open"
            draining = node.cordon?.isDraining ?? false
            cordonedBy = node.cordon?.by
            certificate = node.certificate.map(Certificate.init)
            revokedCertificates = node.revoked
            wanted = node.desired.map(Wanted.init)
            ports = node.ports
            subnets = node.subnets.map(\.description)
            gateways = node.gateways.map(\.text)
            sandboxes = node.residents.map(Sandbox.init)
        }
    }

    private struct Certificate: Encodable {
        let serial: String
        let issuedAt: String
        let expiresAt: String

        init(_ certificate: NodesPicture.Certificate) {
            serial = certificate.serial
            issuedAt = certificate.issuedAt.iso
            expiresAt = certificate.expiresAt.iso
        }
    }

    private struct Wanted: Encodable {
        let roles: [String]
        @OrNull var address: String?
        let labels: [String: String]
        @OrNull var cpuMillis: Int64?
        @OrNull var memoryBytes: Int64?
        let offline: Bool
        @OrNull var place: PlaceJSON?

        init(_ desired: DesiredNode) {
            roles = DesiredNode.Role.allCases.filter(desired.roles.contains).map(\.rawValue)
            address = desired.address
            labels = desired.labels
            cpuMillis = desired.capacity?.cpuMillis
            memoryBytes = desired.capacity?.memoryBytes
            offline = desired.isOffline
            place = desired.place.map(PlaceJSON.init)
        }
    }

    private struct Sandbox: Encodable {
        let name: String
        @OrNull var phase: String?
        let containers: Int
        let movable: Bool
        let cause: String

        init(_ resident: NodesPicture.Resident) {
            name = resident.sandbox.text
            phase = resident.phase?.rawValue
            containers = resident.containers
            movable = resident.isMovable
            cause = resident.cause
        }
    }
}
