package import Model
package import Reconciler

/// The nodes of a controller that is a node itself. What is local is never asked of an agent.
package struct Combined: Hosts {
    private let local: any Hosts
    private let agents: any Hosts

    package init(local: any Hosts, agents: any Hosts) {
        self.local = local
        self.agents = agents
    }

    package var served: [NodeName] { Set(local.served + agents.served).sorted() }
    package subscript(node: NodeName) -> (any Host)? { local[node] ?? agents[node] }

    package func changes() -> AsyncStream<Hint> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Loudspeaker.mostHints)) { stream in
            let watch = Task {  // SAFE: it ends with the stream, whose consumer is waited for
                await withDiscardingTaskGroup { group in
                    for hosts in [local, agents] {
                        group.addTask { for await hint in hosts.changes() { stream.yield(hint) } }
                    }
                }
                stream.finish()
            }
            stream.onTermination = { _ in watch.cancel() }
        }
    }
}
