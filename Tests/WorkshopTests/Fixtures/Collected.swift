import Synchronization

/// What tasks heard, in the order they heard it.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func add(_ element: Element) { elements.withLock { $0.append(element) } }

    var all: [Element] { elements.withLock(\.self) }
    var last: Element? { all.last }
    var count: Int { all.count }
}
