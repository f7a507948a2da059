import Model
import Testing

@Suite("A secret never prints itself")
struct SecretTests {
    private struct Holder: Sendable {
        let name = "database"
        let password: Secret<String>
        let all: [Secret<String>]
        let byName: [String: Secret<String>]
        let perhaps: Secret<String>?
        let bytes: Secret<[UInt8]>
    }

    private struct Failure: Error { let secret: Secret<String> }

    private static let word = "hunter2"

    private static var holder: Holder {
        let secret = Secret(word)
        return Holder(
            password: secret, all: [secret], byName: ["a": secret], perhaps: secret,
            bytes: Secret(Array(word.utf8)))
    }

    private static let ways: [(String, @Sendable (Any) -> String)] = [
        ("interpolation", { "\($0)" }), ("describing", { String(describing: $0) }),
        ("reflecting", { String(reflecting: $0) }),
        (
            "dump",
            {
                var text = ""
                dump($0, to: &text)
                return text
            }
        ),
        ("mirror", { SecretTests.leaves(of: $0, depth: 8).joined(separator: " ") }),
    ]

    /// Everything that a mirror shows, all the way down.
    private static func leaves(of value: Any, depth: Int) -> [String] {
        let children = Mirror(reflecting: value).children
        guard depth > 0, !children.isEmpty else { return ["\(value)"] }
        return children.flatMap { leaves(of: $0.value, depth: depth - 1) }
    }

    @Test("Neither alone nor inside anything", arguments: ways.map(\.0))
    func hides(_ way: String) throws {
        let write = try #require(Self.ways.first { $0.0 == way }).1
        let number = Self.word.utf8.map(String.init).joined(separator: ", ")
        let values: [Any] = [
            Secret(Self.word), Self.holder, [Self.holder], Optional(Self.holder) as Any,
            Failure(secret: Secret(Self.word)),
            ["key": Self.holder.password], Result<Int, Failure>.failure(Failure(secret: Secret(Self.word))),
            FingerprintKey(Secret(Array(Self.word.utf8))),
        ]
        for value in values {
            let text = write(value)
            #expect(!text.contains(Self.word))
            #expect(!text.contains(number) && !text.contains("104"))
        }
    }

    @Test("It says that there is something, and gives it to who asks for it by name")
    func redacted() {
        let secret = Secret(Self.word)
        #expect(secret.description == "<redacted>")
        #expect(secret.debugDescription == "<redacted>")
        #expect(secret.reveal() == Self.word)
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("A reference says where a secret is kept, for people")
    func references() {
        #expect(SecretReference.file("/etc/token").description == "file /etc/token")
        #expect(SecretReference.environment("TOKEN").description == "environment variable TOKEN")
    }
}
