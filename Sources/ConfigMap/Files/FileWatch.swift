internal import Reconciler

/// Notices that a configuration file is not as it was, by a look at it now and then: git and editors put a new file in
/// the place of the old one.
actor FileWatch {
    private let driver: ConfigMapDriver
    /// `nil` before the first look, which is news to nobody.
    private var seen: [String: FileMark?]?

    init(driver: ConfigMapDriver) { self.driver = driver }

    /// Returns once a file was changed by somebody else; `nil` when cancelled.
    func next() async -> Hint? {
        while !Task.isCancelled {
            let before = seen
            let marks = await driver.foreignMarks()
            seen = marks
            if let before, marks.contains(where: { before[$0.key] != .some($0.value) }) { return .everything }
            do {
                try await Task.sleep(for: .milliseconds(Bound.watchMillis))  // SAFE: one bounded pause
            } catch {
                return nil
            }
        }
        return nil
    }
}
