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
            ("registry:5000/a:1@sha256:ab", "registry:5000/a@sha256:ab"), ("account", "account:latest"),
        ])
    func normalizes(_ text: String, _ normalized: String) throws {
        let image = try #require(ImageReference(text))
        #expect(image.normalized == normalized)
        #expect(image.text == text)
        #expect(ImageReference(normalized)?.normalized == normalized)
    }

    @Test(
        "Every spelling of an image of Docker's hub has one form, and no other image has it",
        arguments: [
            ("\(hub)/shop/account:1", "shop/account:1"),
            ("\(hub)/shop/account", "shop/account:latest"), ("\(hub)/library/redis:7", "redis:7"),
            ("library/redis:7", "redis:7"),
            ("\(hub)/redis:7", "redis:7"), ("redis:7", "redis:7"), ("library:7", "library:7"),
            ("\(hub)/library/redis:7@sha256:ab", "redis@sha256:ab"), ("redis@sha256:ab", "redis@sha256:ab"),
            ("library/shop/redis:7", "library/shop/redis:7"), ("localhost/redis:7", "localhost/redis:7"),
            ("other.example/library/redis:7", "other.example/library/redis:7"), ("\(hub)x/redis:7", "\(hub)x/redis:7"),
            ("mirror:5000/\(hub)/redis:7", "mirror:5000/\(hub)/redis:7"),
        ])
    func hasOneForm(_ text: String, _ form: String) {
        #expect(ImageReference.normalize(text) == form)
        #expect(ImageReference.normalize(form) == form)
        #expect(ImageReference(text)?.normalized == form)
    }

    @Test(
        "What is asked of a registry is what the author wrote",
        arguments: [("\(hub)/shop/account", "\(hub)/shop/account:latest"), ("a:1@sha256:b", "a:1@sha256:b")])
    func tags(_ text: String, _ tagged: String) { #expect(ImageReference(text)?.tagged == tagged) }

    @Test(
        "What is no reference is refused",
        arguments: [
            "", " ", "a b", "a\n", "a\u{7f}", "ä", "{branch}", "a\"", "a'", "a\\b", String(repeating: "a", count: 513),
        ])
    func refuses(_ text: String) { #expect(ImageReference(text) == nil) }
}

/// What a name without a registry means.
private let hub = ImageReference.impliedRegistry
