import Model
import Reconciler
import TestSupport
import Testing

@Suite("A bad manifest hurts only itself")
struct LastGoodTests {
    static let good = "sandbox: qa\nservices: {account: {branch: one}}\n"

    /// Ways to spoil a file that held a good sandbox.
    static let spoilt: [String: MemorySource.Item] = [
        "unknown key": "sandbox: qa\nservices: {account: {brnch: two}}\n",
        "reference to nothing": "sandbox: qa\nservices: {acount: {branch: two}}\n",
        "template of nothing": "sandbox: qa\ntemplate: nowhere\n",
        "duplicate key": "sandbox: qa\nowner: a\nowner: b\n",
        "not UTF-8": .bytes([0xff, 0xfe, 0x00]),
        "tabs": "sandbox: qa\nservices:\n\taccount: {branch: two}\n",
        "unclosed": "sandbox: qa\nservices: {account: {branch: two}\n",
        "misspelt kind": "sandbx: qa\nservices: {account: {branch: two}}\n",
        "no name": "sandbox:\nservices: {account: {branch: two}}\n",
        "name of nothing": "sandbox: \"!!!\"\nservices: {account: {branch: two}}\n",
        "a list": "- sandbox: qa\n",
        "symbolic link": .symlink,
        "submodule": .submodule,
        "too large": .enormous(1 << 21),
    ]

    @Test("The last good version stays, whatever the newest is", arguments: spoilt.keys.sorted())
    func keeps(_ way: String) async throws {
        let shop = await Shop()
        let first = try await shop.push(["qa.yaml": .text(Self.good), "b.yaml": Shop.sandbox("b", "one")])
        #expect(first.problems.isEmpty)
        let second = try await shop.push(["qa.yaml": Self.spoilt[way], "b.yaml": Shop.sandbox("b", "two")])
        #expect(second.images("qa") == ["account": "shop/account:one"])
        #expect(second.lastGood("qa") == first.revision.commit)
        #expect(!second.isFrozen("qa"))
        #expect(second.deletionsHeld == nil)
        #expect(second.problems.contains { $0.severity == .error && $0.place.file == "qa.yaml" })
        // Nobody else is held up.
        #expect(second.images("b") == ["account": "shop/account:two"])
        #expect(second.lastGood("b") == nil)
        // And the next commit mends it.
        let third = try await shop.push(["qa.yaml": Shop.sandbox("qa", "three")])
        #expect(third.images("qa") == ["account": "shop/account:three"])
        #expect(third.lastGood("qa") == nil)
        #expect(third.problems.isEmpty)
    }

    @Test("Breaking a broken file further loses nothing", arguments: spoilt.keys.sorted())
    func keepsThroughTwo(_ way: String) async throws {
        let shop = await Shop()
        let first = try await shop.push(["qa.yaml": .text(Self.good)])
        _ = try await shop.push(["qa.yaml": Self.spoilt["unknown key"]])
        let third = try await shop.push(["qa.yaml": Self.spoilt[way]])
        #expect(third.images("qa") == ["account": "shop/account:one"])
        #expect(third.lastGood("qa") == first.revision.commit)
    }

    @Test("What never was good is left alone", arguments: ["unknown key", "reference to nothing"])
    func freezes(_ way: String) async throws {
        let shop = await Shop()
        let desired = try await shop.push(["qa.yaml": Self.spoilt[way]])
        #expect(desired.images("qa") == nil)
        #expect(desired.isFrozen("qa"))
    }

    @Test(
        "A file that never could be read holds every deletion, for anything may be declared in it",
        arguments: ["not UTF-8", "tabs", "misspelt kind", "symbolic link", "submodule", "too large"])
    func holds(_ way: String) async throws {
        let shop = await Shop()
        _ = try await shop.push(["qa.yaml": .text(Self.good)])
        let moved = try await shop.push(["qa.yaml": nil, "moved.yaml": Self.spoilt[way]])
        #expect(moved.images("qa") == nil)
        #expect(moved.deletionsHeld?.place.file == "moved.yaml")
    }

    @Test("A sandbox that is moved to another file and broken there keeps its last good version")
    func movedAndBroken() async throws {
        let shop = await Shop()
        let first = try await shop.push(["qa.yaml": .text(Self.good)])
        let moved = try await shop.push(["qa.yaml": nil, "moved.yaml": Self.spoilt["unknown key"]])
        #expect(moved.images("qa") == ["account": "shop/account:one"])
        #expect(moved.lastGood("qa") == first.revision.commit)
        #expect(moved.deletionsHeld == nil)
    }

    @Test("A sandbox that is taken out goes, though it was broken before")
    func takenOut() async throws {
        let shop = await Shop()
        _ = try await shop.push(["qa.yaml": .text(Self.good)])
        _ = try await shop.push(["qa.yaml": Self.spoilt["unknown key"]])
        let gone = try await shop.push(["qa.yaml": nil])
        #expect(gone.images("qa") == nil)
        #expect(gone.frozen.isEmpty && gone.deletionsHeld == nil && gone.problems.isEmpty)
    }

    @Test("Of two sandboxes in one file only the broken one keeps its old version")
    func twoInOneFile() async throws {
        let shop = await Shop()
        let pair =
            "sandbox: a\nservices: {account: {branch: one}}\n---\nsandbox: b\nservices: {account: {branch: one}}\n"
        let first = try await shop.push(["qa.yaml": .text(pair)])
        let second = try await shop.push([
            "qa.yaml":
                "sandbox: a\nservices: {account: {branch: two}}\n---\nsandbox: b\nservices: {account: {brnch: two}}\n"
        ])
        #expect(second.images("a") == ["account": "shop/account:two"])
        #expect(second.lastGood("a") == nil)
        #expect(second.images("b") == ["account": "shop/account:one"])
        #expect(second.lastGood("b") == first.revision.commit)
    }

    @Test("A sandbox declared again in a later file stays what it was")
    func declaredTwice() async throws {
        let shop = await Shop()
        _ = try await shop.push(["qa.yaml": .text(Self.good)])
        let twice = try await shop.push(["z.yaml": Shop.sandbox("QA", "two")])
        #expect(twice.images("qa") == ["account": "shop/account:one"])
        #expect(twice.problems.contains { $0.severity == .error })
    }

    @Test("A broken template keeps its sandboxes at its last good version, and what they say themselves is new")
    func brokenTemplate() async throws {
        let shop = await Shop()
        let first = try await shop.push([
            "b.yaml": Shop.sandbox("b", "one"), "t.yaml": "template: t\nservices: {account: {branch: one}}\n",
            "qa.yaml": "sandbox: qa\ntemplate: t\nservices: {payment: {branch: one}}\n",
        ])
        let broken = try await shop.push([
            "t.yaml": "template: t\nservices: {account: {brnch: two}}\n",
            "qa.yaml": "sandbox: qa\ntemplate: t\nservices: {payment: {branch: two}}\n",
        ])
        #expect(broken.images("qa") == ["account": "shop/account:one", "payment": "shop/payment:two"])
        #expect(broken.frozen.isEmpty)
        #expect(broken.lastGood("qa") == first.revision.commit)
        #expect(broken.lastGood("b") == nil)
    }

    @Test("A broken gateway stays as it was", arguments: ["lsteners: []", "listeners: [{name: a, from: 9, to: 1}]"])
    func brokenGateway(_ rest: String) async throws {
        let shop = await Shop()
        let first = try await shop.push(["qa.yaml": .text(Self.good)])
        let broken = try await shop.push(["places.yaml": .text("gateway: main\n\(rest)\n")])
        #expect(!broken.problems.isEmpty)
        #expect(broken.gateways == first.gateways)
        #expect(broken.images("qa") == ["account": "shop/account:one"])
        #expect(broken.sandboxes[Sample.name("qa")]?.gateway == Sample.gatewayName)
    }

    @Test("A gateway that clashes with another only when all is put together stays as it was")
    func clashingGateway() async throws {
        let shop = await Shop()
        _ = try await shop.push(["qa.yaml": "sandbox: qa\ngateway: main\n"])
        let clash = try await shop.push([
            "places.yaml": .text(
                "gateway: a\nlisteners: [{name: a, port: 18000}]\n---\ngateway: main\n"
                    + "listeners: [{name: a, from: 18080, to: 18099}, {name: web, port: 18000}]")
        ])
        #expect(clash.gateways[Sample.gatewayName]?.sandboxPorts == 18080...18099)
        #expect(clash.images("qa") != nil)
    }

    @Test(
        "A broken route keeps its last good version, also one that stands in a sandbox",
        arguments: [
            "route: login\nservice: account\npath: {prefx: /v2}\n", "route: login\nservice: acount\npath: /v2\n",
            "route: login\nservice: account\n\tpath: /v2\n",
        ])
    func keepsRoutes(broken: String) async throws {
        let shop = await Shop()
        let good = "route: login\nrules: [{name: v2, service: account, matches: [{path: /v2}]}]\n"
        let first = try await shop.push(["r.yaml": .text(good), "qa.yaml": Shop.sandbox("qa", "one")])
        #expect(first.problems.isEmpty, "\(first.problems)")
        #expect(first.routes.map(\.title) == ["route login"])
        let second = try await shop.push(["r.yaml": .text(broken)])
        #expect(second.routes.map(\.rules) == first.routes.map(\.rules))
        #expect(second.problems.contains { $0.severity == .error && $0.place.file == "r.yaml" })
        let third = try await shop.push(["r.yaml": nil])
        #expect(third.routes.isEmpty)
    }
}
