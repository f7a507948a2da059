internal import Model

/// How the keys of a file are made of the names of services: `{service}_url`.
struct KeyPattern: Hashable {
    private let before: String
    private let after: String

    /// `nil` where the service does not stand in it exactly once.
    init?(_ text: String) {
        let parts = text.split(separator: "{service}", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        before = String(parts[0])
        after = String(parts[1])
    }

    /// The keys a service may have, the better one first: names of PHP have no dashes, and names of services no
    /// underscores.
    func keys(of service: ServiceName) -> [String] {
        let underscored = String(service.text.map { $0 == "-" ? "_" : $0 })
        return service.text == underscored
            ? [before + service.text + after] : [before + service.text + after, before + underscored + after]
    }

    /// The service whose key this is, by this pattern and among these keys.
    func service(of key: String, among keys: some Collection<String>) -> ServiceName? {
        guard key.count > before.count + after.count, key.hasPrefix(before), key.hasSuffix(after) else { return nil }
        let text = String(key.dropFirst(before.count).dropLast(after.count).map { $0 == "_" ? "-" : $0 })
        do throws(InvalidName) {
            let service = try ServiceName(text)
            // Where there are both `a-b_url` and `a_b_url`, the service has the first.
            return self.keys(of: service).first(where: keys.contains) == key ? service : nil
        } catch {
            return nil
        }
    }

    /// Whether some service may have this key.
    func fits(_ key: String) -> Bool { service(of: key, among: [key]) != nil }

    /// The keys that fit the pattern, those first that are most like `wanted`.
    func nearest(to wanted: String, among keys: some Collection<String>) -> [String] {
        keys.filter { service(of: $0, among: keys) != nil }.map { (distance(wanted, $0), $0) }.sorted { $0 < $1 }
            .map(\.1)
    }

    /// How many characters are to be changed, added or taken away.
    private func distance(_ one: String, _ other: String) -> Int {
        let target = Array(other)
        var row = Array(0...target.count)
        for (index, character) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in target.indices {
                let replaced = diagonal + (character == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[target.count]
    }
}
