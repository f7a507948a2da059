package import Model
package import Reconciler

/// A workbench at which nothing is made.
package struct IdleWorkbench: Workbench {
    package init() {}

    package func survey(_ makings: Set<Making>, patience: Duration) -> ObservedWorkshop { ObservedWorkshop() }
    package func fetch(_ piece: Workpiece) {}
    package func checkout(_ piece: Workpiece, as uid: ResourceUID) {}
    package func build(_ piece: Workpiece, as uid: ResourceUID) {}
    package func discard(_ piece: Workpiece.ID) {}
    package func load(_ bundle: DesiredBundle) {}
    package func changes() -> AsyncStream<Hint> { AsyncStream { $0.finish() } }
}
