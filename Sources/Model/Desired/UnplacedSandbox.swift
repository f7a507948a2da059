/// A sandbox whose author leaves the choice of its node to us.
package struct UnplacedSandbox: Hashable, Sendable {
    /// Whole but for its node, which means nothing yet.
    package var sandbox: DesiredSandbox
    /// Labels that its node must carry, all of them.
    package var labels: [String: String]
    /// The only nodes that can have it, where something it is made of is on some alone; empty where any can.
    package var candidates: Set<NodeName>

    package init(sandbox: DesiredSandbox, labels: [String: String] = [:], candidates: Set<NodeName> = []) {
        self.sandbox = sandbox
        self.labels = labels
        self.candidates = candidates
    }
}
