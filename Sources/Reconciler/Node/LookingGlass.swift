package import Model

/// A host that can only be looked at. A dry run is given this one: it is unable to act, not told not to.
package struct LookingGlass: Observer {
    private let observer: any Observer

    package init(_ observer: any Observer) { self.observer = observer }

    package func observe(_ inquiry: Inquiry) async throws(HostError) -> ObservedNode {
        try await observer.observe(inquiry)
    }
}
