import Model
import Testing

@Suite struct ImageReferenceTests {
    @Test(
        "A reference is written as the engine lists it",
        arguments: [
            ("shop/account", "shop/account:latest"), ("shop/account:1", "shop/account:1"),
            ("registry:5000/account", "registry:5000/account:latest"),
            ("registry:5000/account:2", "registry:5000/account:2"),
            ("registry:5000/a/b", "registry:5000/a/b:latest"), ("account@sha256:ab", "account@sha256:ab"),
            ("registry:5000/a:1@sha256:ab", "registry:5000/a:1@sha256:ab"), ("account", "account:latest"),
        ])
    func normalizes(_ text: String, _ normalized: String) throws {
        let image = try #require(ImageReference(text))
        #expect(image.normalized == normalized)
        #expect(image.text == text)
        #expect(ImageReference(normalized)?.normalized == normalized)
    }

    @Test(
        "What is no reference is refused",
        arguments: [
            "", " ", "a b", "a\n", "a\u{7f}", "ä", "{branch}", "a\"", "a'", "a\\b", String(repeating: "a", count: 513),
        ])
    func refuses(_ text: String) { #expect(ImageReference(text) == nil) }
}
