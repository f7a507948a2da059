import Model
import Testing

@Suite struct DigestTests {
    // The first 32 digits of `sha256sum`.
    @Test(
        "A digest is the start of the SHA-256, the same for ever",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb924"), ("abc", "ba7816bf8f01cfea414140de5dae2223"),
            ("é", "4a99557e4033c3539de2eb65472017ca"),
        ])
    func known(_ text: String, _ digest: String) {
        #expect(Digest(of: text).text == digest)
        #expect(Digest(of: Array(text.utf8)) == Digest(of: text))
        #expect(Digest(text: digest) == Digest(of: text))
    }

    // RFC 4231, test case 2, cut to 32 digits.
    @Test("A fingerprint is the start of the HMAC-SHA-256 under the installation's key, the same for ever")
    func fingerprint() {
        let value = Secret("what do ya want for nothing?")
        let key = FingerprintKey(Secret(Array("Jefe".utf8)))
        #expect(Fingerprint(of: value, under: key).text == "5bdcc146bf60754e6a042426089575c7")
        #expect(Fingerprint(of: value, under: FingerprintKey(Secret([1]))) != Fingerprint(of: value, under: key))
        #expect(Fingerprint(of: Secret("other"), under: key) != Fingerprint(of: value, under: key))
    }

    @Test(
        "A commit is 40 lower-case hex digits",
        arguments: [
            (String(repeating: "a", count: 40), true), (String(repeating: "A", count: 40), false),
            (String(repeating: "a", count: 39), false), (String(repeating: "g", count: 40), false), ("", false),
            (String(repeating: "é", count: 20), false),
        ])
    func commits(_ text: String, _ isOne: Bool) { #expect((CommitID(text) != nil) == isOne) }
}
