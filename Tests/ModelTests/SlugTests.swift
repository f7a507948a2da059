import Model
import TestSupport
import Testing

@Suite struct SlugTests {
    @Test(
        "People's names become slugs",
        arguments: [
            ("QA-LOGIN-ERROR", "qa-login-error"), ("feature/Login_Error", "feature-login-error"), ("a", "a"),
            ("--a--b--", "a-b"), ("  two  words ", "two-words"), ("v1.2.3", "v1-2-3"), ("é-ü", nil), ("", nil),
            ("---", nil), ("Straße 7", "stra-e-7"), ("a\u{0}b", "a-b"), ("007", "007"),
        ] as [(String, String?)])
    func table(_ text: String, _ slug: String?) { #expect(Slug.make(text) == slug) }

    @Test("A name of 63 bytes is whole; one of 64 is cut and marked")
    func cut() throws {
        let whole = String(repeating: "a", count: 63)
        #expect(Slug.make(whole) == whole)
        let cut = try #require(Slug.make(whole + "a"))
        #expect(cut.utf8.count == 63)
        #expect(cut.hasPrefix(String(repeating: "a", count: 54) + "-"))
    }

    @Test("Two long names stay two, though they differ only at the end")
    func two() throws {
        let start = String(repeating: "feature-", count: 12)
        let one = try #require(Slug.make(start + "one"))
        #expect(one != Slug.make(start + "two"))
        #expect(one == Slug.make(start + "one"))
    }

    @Test("Any text gives a name or nothing, and a name gives itself", arguments: 0..<200 as Range<UInt64>)
    func property(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let alphabet = Array("abcXYZ019-_/ .é漢\u{0}")
        let length = Int.random(in: 0..<120, using: &random)
        let text = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
        guard let slug = Slug.make(text) else {
            let hasLetter = text.utf8.contains { ($0 | 32) >= 97 && ($0 | 32) <= 122 || $0 >= 48 && $0 <= 57 }
            #expect(!hasLetter)
            return
        }
        #expect(Slug.make(slug) == slug)
        #expect((1...63).contains(slug.utf8.count))
        #expect(slug.first != "-" && slug.last != "-" && !slug.contains("--"))
        #expect(slug.utf8.allSatisfy { $0 >= 97 && $0 <= 122 || $0 >= 48 && $0 <= 57 || $0 == 45 })
        #expect(try SandboxName(slug).text == slug)
        #expect(try SandboxName(slugging: text).text == slug)
    }

    @Test("Only a slug is taken as a name as it stands", arguments: ["QA", "-a", "a-", "a--b", "", "a b", "ä"])
    func strict(_ text: String) { #expect(throws: InvalidName(text: text)) { try SandboxName(text) } }
}
