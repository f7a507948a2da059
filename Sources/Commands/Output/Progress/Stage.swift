/// What is being done for a service, in the order in which it is mostly done.
enum Stage: String, Hashable, Sendable, CaseIterable {
    /// Something is made of a commit, and its turn has not come yet.
    case wait
    case fetch, checkout, build, load
    case network, pull, create, start, health, route, drain, update, remove, gateway
    /// An action in words that are not known here, such as those of a newer journal.
    case other = "step"

    /// Of an action as the journal has it: the words of `Action.description`.
    init(of action: String) {
        self = Self.beginnings.first { action.hasPrefix($0.words) }?.stage ?? .other
    }

    /// The first that matches; longer ones before what they begin with.
    private static let beginnings: [(words: String, stage: Stage)] = [
        ("fetch ", .fetch), ("checkout ", .checkout), ("build ", .build), ("load ", .load), ("discard ", .remove),
        ("create network ", .network), ("remove network ", .network), ("connect ", .network), ("pull ", .pull),
        ("create ", .create), ("start ", .start), ("unpause ", .start), ("await health of ", .health),
        ("route ", .route), ("remove route ", .route), ("set rules of ", .route),
        ("remove rules of ", .route), ("set names inside ", .network), ("remove names inside ", .network),
        ("drain ", .drain), ("update limits of ", .update),
        ("rename ", .remove), ("stop ", .remove), ("remove ", .remove), ("configure gateway ", .gateway),
        ("admit ", .gateway), ("dismiss ", .gateway),
    ]

    /// Said of a service whose last step was this one.
    var past: String {
        switch self {
        case .wait: "waiting"
        case .fetch: "fetched"
        case .checkout: "checked out"
        case .build: "built"
        case .load: "loaded"
        case .network: "connected"
        case .pull: "pulled"
        case .create: "created"
        case .start: "started"
        case .health: "healthy"
        case .route: "routed"
        case .drain: "drained"
        case .update: "updated"
        case .remove: "old removed"
        case .gateway: "let through"
        case .other: "done"
        }
    }

    /// Whether its beginning is worth a line of its own where nothing can be redrawn: it may take long.
    var isSlow: Bool {
        switch self {
        case .fetch, .build, .load, .pull, .health, .drain: true
        case .wait, .checkout, .network, .create, .start, .route, .update, .remove, .gateway, .other: false
        }
    }
}
