import Model
import Reconciler
import TestSupport
import Testing

@Suite struct ManifestLoaderTests {
    @Test("A file that an environment puts into containers is no manifest, though it is YAML")
    func contentFrom() async throws {
        let shop = await Shop()
        let text = "anything: [at, all]\nsandbox: none\n"
        let environment = "environment: box\nfiles: [{path: /etc/a.yaml, contentFrom: files/a.yaml}]\n"
        let sandbox = "sandbox: qa\nenvironmentRefs: [box]\nservices: {account: {branch: one}}\n"
        let desired = try await shop.push([
            "box.yaml": .text(environment), "files/a.yaml": .text(text), "qa.yaml": .text(sandbox),
        ])
        #expect(desired.problems.isEmpty)
        #expect(desired.deletionsHeld == nil)
        let spec = desired.sandboxes[Sample.name("qa")]?.services[Sample.name("account")]?.container
        #expect(spec?.files.map(\.content) == [.text(text)])
        // And a new text is a new file.
        let next = try await shop.push(["files/a.yaml": "other: 1\n"])
        let after = next.sandboxes[Sample.name("qa")]?.services[Sample.name("account")]?.container
        #expect(after?.files.map(\.content) == [.text("other: 1\n")])
    }

    @Test("Each sandbox says which commit changed its file last")
    func changedBy() async throws {
        let shop = await Shop()
        let first = try await shop.push(["a.yaml": Shop.sandbox("a", "one")], by: "Achmad")
        let second = try await shop.push(["b.yaml": Shop.sandbox("b", "one")], by: "Budi")
        let third = try await shop.push(["a.yaml": Shop.sandbox("a", "two")], by: "Citra")
        #expect(first.sandboxes[Sample.name("a")]?.changedBy?.author == "Achmad")
        #expect(second.sandboxes[Sample.name("a")]?.changedBy == first.revision)
        #expect(second.sandboxes[Sample.name("b")]?.changedBy?.author == "Budi")
        #expect(third.sandboxes[Sample.name("a")]?.changedBy?.author == "Citra")
        #expect(third.sandboxes[Sample.name("b")]?.changedBy == second.revision)
        // A loader that has just started says the same.
        let afresh = try await ManifestLoader(source: shop.source).load()
        #expect(afresh.sandboxes == third.sandboxes)
    }

    @Test("A push of one file asks for one blob, however long the history")
    func asksForWhatChanged() async throws {
        let shop = await Shop()
        _ = try await shop.push([
            "a.yaml": Shop.sandbox("a", "one"), "b.yaml": Shop.sandbox("b", "one"), "README.md": "# not ours",
            ".github/workflow.yaml": "on: push",
        ])
        for round in 0..<30 {
            await shop.source.forgetQuestions()
            let desired = try await shop.push(["a.yaml": Shop.sandbox("a", "r\(round)")])
            #expect(desired.images("a") == ["account": "shop/account:r\(round)"])
            #expect(await shop.source.asked.count == 1)
        }
        // What is no longer in the newest commit is no longer kept either.
        await shop.source.forgetQuestions()
        _ = try await shop.push(["a.yaml": Shop.sandbox("a", "r0")])
        #expect(await shop.source.asked.count == 1)
        await shop.source.forgetQuestions()
        _ = try await shop.loader.load()
        #expect(await shop.source.asked.isEmpty)
    }

    @Test("A look at the same commit asks for nothing but the head, though something is broken in it")
    func sameCommit() async throws {
        let shop = await Shop()
        _ = try await shop.push(["qa.yaml": Shop.sandbox("qa", "one")])
        let broken = try await shop.push(["qa.yaml": "sandbox: qa\nservices: {account: {brnch: two}}\n"])
        await shop.source.forgetQuestions()
        let again = try await shop.loader.load()
        #expect(again.sandboxes == broken.sandboxes && again.problems == broken.problems)
        #expect(await shop.source.questions.isEmpty)
    }

    @Test("Each older commit is read once to mend a newer one")
    func readsOnce() async throws {
        let shop = await Shop()
        for round in 0..<20 { await shop.source.commit(["README.md": "\(round)"]) }
        await shop.source.commit([
            "qa.yaml": "sandbox: qa\nservices: {account: {brnch: two}}\n", "to.yaml": "sandbox: to\ntemplate: no\n",
        ])
        await shop.source.forgetQuestions()
        #expect(try await shop.loader.load().frozen.count == 2)
        #expect(await shop.source.questions.filter { $0 == "tree" }.count == 22)
    }

    @Test("An author who is further back than anybody looks is asked for once")
    func unknownAuthor() async throws {
        let shop = await Shop()
        await shop.source.commit(["qa.yaml": Shop.sandbox("qa", "one")])
        for _ in 0...ManifestLoader.longestLookBack { await shop.source.commit(["README.md": "more"]) }
        let desired = try await shop.loader.load()
        #expect(desired.images("qa") != nil && desired.sandboxes[Sample.name("qa")]?.changedBy == nil)
        await shop.source.forgetQuestions()
        _ = try await shop.push(["README.md": "and more"])
        #expect(await !shop.source.questions.contains("lastChanges"))
    }

    @Test("A force-push to unrelated history is a new desired state, and its broken sandbox has no good version")
    func forcePush() async throws {
        let shop = await Shop()
        _ = try await shop.push(["qa.yaml": Shop.sandbox("qa", "one"), "old.yaml": Shop.sandbox("old", "one")])
        await shop.source.forcePush([
            "c.yaml": .text(Shop.catalogue), "g.yaml": .text(Shop.places), "new.yaml": Shop.sandbox("new", "one"),
            "qa.yaml": "sandbox: qa\nservices: {account: {brnch: two}}\n",
        ])
        let desired = try await shop.loader.load()
        #expect(desired.images("new") == ["account": "shop/account:one"])
        #expect(desired.images("old") == nil && !desired.isFrozen("old"))
        #expect(desired.images("qa") == nil && desired.isFrozen("qa"))
        #expect(desired.sandboxes[Sample.name("new")]?.changedBy?.author == "Budi")
    }

    @Test("Good versions are looked for no further back than the limit", arguments: [1, 199, 200])
    func lookBack(_ distance: Int) async throws {
        let shop = await Shop()
        _ = try await shop.push(["qa.yaml": Shop.sandbox("qa", "one")])
        await shop.source.commit(["qa.yaml": "sandbox: qa\nservices: {account: {brnch: two}}\n"])
        for _ in 1..<distance { await shop.source.commit(["README.md": "more"]) }
        let desired = try await shop.loader.load()
        #expect((desired.images("qa") != nil) == (distance < ManifestLoader.longestLookBack))
        #expect(desired.isFrozen("qa") == (distance >= ManifestLoader.longestLookBack))
        #expect(await shop.source.limits == [ManifestLoader.longestLookBack])
    }

    @Test("A source that does not answer is its own error", arguments: [SourceError.Failure.unreachable, .missing])
    func away(_ failure: SourceError.Failure) async throws {
        let shop = await Shop()
        let good = try await shop.push(["qa.yaml": Shop.sandbox("qa", "one")])
        await shop.source.fail(failure)
        let error = await #expect(throws: SourceError.self) { try await shop.loader.load() }
        #expect(error?.failure == failure)
        await shop.source.fail(nil)
        #expect(try await shop.loader.load().sandboxes == good.sandboxes)
    }

    @Test("An empty repository wants nothing and has no problem")
    func empty() async throws {
        let source = MemorySource()
        await source.commit([:])
        let desired = try await ManifestLoader(source: source).load()
        #expect(desired.sandboxes.isEmpty && desired.problems.isEmpty && desired.deletionsHeld == nil)
    }

    @Test("A repository without a commit is missing")
    func bare() async {
        let error = await #expect(throws: SourceError.self) { try await ManifestLoader(source: MemorySource()).load() }
        #expect(error?.failure == .missing)
    }

    @Test("A revision that is fixed stays the newest")
    func fixedRevision() async throws {
        let shop = await Shop()
        let first = try await shop.push(["qa.yaml": Shop.sandbox("qa", "one")])
        _ = try await shop.push(["qa.yaml": Shop.sandbox("qa", "two")])
        let fixed = try await FixedRevision(first.revision, from: shop.loader).load()
        #expect(fixed.images("qa") == ["account": "shop/account:one"])
        #expect(try await shop.loader.manifestCount(at: first.revision.commit) == (files: 3, manifests: 4))
    }
}
