internal import Foundation

/// `berth status -o json`, as far as these tests read it.
struct Standing: Decodable, Sendable {
    struct Daemon: Decodable, Sendable {
        let running: Bool
        let processId: Int32?
    }
    struct Head: Decodable, Sendable {
        let commit: String
    }
    struct Notice: Decodable, Sendable {
        let message: String
        let remedy: String?
    }
    struct Sandbox: Decodable, Sendable {
        let name: String
        let phase: String
        let message: String
        let attempted: String?
        let applied: String?
        let healthy: String?
        /// `nil` where there is one node alone.
        let node: String?
        let port: UInt16?
        let services: [Service]
    }
    struct Service: Decodable, Sendable {
        let name: String
        let use: String
        let health: String
        let target: String?
    }

    let daemon: Daemon
    let head: Head?
    let notices: [Notice]
    let sandboxes: [Sandbox]

    subscript(name: String) -> Sandbox? { sandboxes.first { $0.name == name } }

    /// Whether these sandboxes, and no others, are where the commit wants them.
    func isSettled(at commit: String, _ names: Set<String>) -> Bool {
        head?.commit == commit && names == Set(sandboxes.map(\.name))
            && sandboxes.allSatisfy { sandbox in
                switch sandbox.phase {
                case "Ready": sandbox.healthy == commit
                case "Suspended": sandbox.applied == commit
                default: false
                }
            }
    }
}
