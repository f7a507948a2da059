internal import AgentProtocol
internal import Model
internal import Reconciler

/// What a node shows of orders that its agent was killed in the middle of.
struct Remains: Sendable {
    /// Owners of what is there; `nil` where it cannot be seen.
    private let there: Set<ResourceUID>?

    /// Looks once.
    init(of host: any Host) async {
        do throws(HostError) {
            let node = try await host.observe(Inquiry())
            let marks = node.containers.map(\.ownership.mark) + node.networks.map(\.ownership.mark)
            there = Set(marks.compactMap { $0?.uid } + node.workshop.pieces.values.compactMap(\.uid))
        } catch {
            there = nil
        }
    }

    func verdict(on entry: OrderEntry) -> Interrupted.Remains {
        guard let there else { return .unknown }
        if there.contains(entry.uid) { return .found }
        return Self.makes(entry.action) ? .notFound : .unknown
    }

    /// Whether an action leaves something that carries its uid, by the first word of its description.
    private static func makes(_ action: String) -> Bool {
        ["create ", "checkout ", "build "].contains { action.hasPrefix($0) }
    }
}
