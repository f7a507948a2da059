internal import Model
internal import Reconciler

/// All rules of a scope, named by their content: a scope is flipped from one set to another in one step, and two scopes
/// with the same rules share theirs.
struct RuleSet: Hashable, Sendable {
    /// `digest/count`, as table `scopes` holds it.
    let name: String
    let texts: [String]

    init(_ rules: [RouteRule]) throws(HostError) {
        guard rules.count <= Bound.rulesOfAScope else {
            let most = "a gateway takes \(Bound.rulesOfAScope) for everybody, and as many for each sandbox"
            throw HostError("set \(rules.count) rules", .refused, "\(most); join some of them")
        }
        var texts: [String] = []
        for rule in rules { texts.append(try RuleText(rule).text) }
        self.init(texts: texts)
    }

    private init(texts: [String]) {
        self.texts = texts
        name = "\(Digest(of: texts.joined(separator: "\n")))/\(texts.count)"
    }

    /// Entries of table `rules`, in order.
    var entries: [(key: String, value: String)] {
        zip(Self.keys(of: name), texts).map { (key: $0, value: $1) }
    }

    /// The keys that a set of this name has in table `rules`; none where it is no such name.
    static func keys(of name: String) -> [String] {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[1]), (1...Bound.rulesOfAScope).contains(count) else { return [] }
        return (0..<count).map { "\(parts[0])/\($0)" }
    }

    /// Reads a set back; `nil` where something of it is missing or is not what it was named by.
    static func rules(of name: String, in table: [String: String]) -> [RouteRule]? {
        let texts = keys(of: name).compactMap { table[$0] }
        guard !texts.isEmpty, RuleSet(texts: texts).name == name else { return nil }
        let rules = texts.compactMap { RouteRule(mapText: $0) }
        return rules.count == texts.count ? rules : nil
    }
}

extension RouteScope {
    /// The key as table `scopes` holds it: `*`, or the name of a sandbox.
    var mapKey: String { sandbox?.text ?? "*" }

    init?(mapKey: String) {
        guard mapKey != "*" else {
            self = .everybody
            return
        }
        do throws(InvalidName) { self = .sandbox(try SandboxName(mapKey)) } catch { return nil }
    }
}

/// The sandbox of a network, and the address on which the gateway is called from there: `sandbox|10.0.0.1`.
struct NetworkText: Hashable, Sendable {
    let text: String

    init(_ sandbox: SandboxName, in network: Subnet) { text = "\(sandbox)|\(IPv4(number: network.base + 1))" }

    /// The sandbox of an entry, where we wrote it.
    static func sandbox(of entry: (key: String, value: String)) -> (name: SandboxName, network: Subnet)? {
        guard let network = Subnet(entry.key), "\(network)" == entry.key,
            let name = entry.value.split(separator: "|").first
        else { return nil }
        do throws(InvalidName) {
            let sandbox = try SandboxName(String(name))
            return NetworkText(sandbox, in: network).text == entry.value ? (sandbox, network) : nil
        } catch {
            return nil
        }
    }
}
