package import Model

/// The nodes that can be looked at and acted on: this machine, and those whose agents may dial in. Which they are
/// changes while we run.
package protocol Hosts: Sendable {
    /// In order of name. One whose agent is away is served all the same: asked, it says why it cannot answer.
    var served: [NodeName] { get }
    /// `nil` where nobody serves the node.
    subscript(node: NodeName) -> (any Host)? { get }
    /// The hints of all of them, also of those that come later. Ends when the task is cancelled.
    func changes() -> AsyncStream<Hint>
}

/// Hosts that are known from the beginning.
package struct FixedHosts: Hosts {
    private let hosts: [NodeName: any Host]

    package init(_ hosts: [NodeName: any Host]) { self.hosts = hosts }

    package var served: [NodeName] { hosts.keys.sorted() }
    package subscript(node: NodeName) -> (any Host)? { hosts[node] }

    /// Hints kept for a slow reader; what is lost beyond them the next look finds.
    private static let mostHints = 1000

    package func changes() -> AsyncStream<Hint> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.mostHints)) { stream in
            let watch = Task {  // SAFE: it ends with the stream, whose consumer is waited for
                await withDiscardingTaskGroup { group in
                    for host in hosts.values {
                        group.addTask { for await hint in host.changes() { stream.yield(hint) } }
                    }
                }
                stream.finish()
            }
            stream.onTermination = { _ in watch.cancel() }
        }
    }
}
