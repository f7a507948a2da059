import Testing

@testable import Workshop

@Suite("What a .dockerignore leaves out")
struct IgnoreFileTests {
    struct Case: CustomTestStringConvertible {
        let file: String
        let out: [String]
        let kept: [String]
        var testDescription: String { file.replacing("\n", with: " ⏎ ") }

        init(_ file: String, out: [String] = [], kept: [String] = []) {
            self.file = file
            self.out = out
            self.kept = kept
        }
    }

    static let cases = [
        Case("", kept: ["a", "a/b", ".dockerignore"]),
        Case("foo", out: ["foo", "foo/bar", "foo/bar/baz"], kept: ["foobar", "a/foo", "fo"]),
        Case("/foo", out: ["foo", "foo/bar"], kept: ["a/foo"]),
        Case("foo/", out: ["foo", "foo/bar"], kept: ["a/foo"]),
        Case("./foo//bar", out: ["foo/bar", "foo/bar/x"], kept: ["foo", "foo/x"]),
        Case("a/../b", out: ["b"], kept: ["a"]),
        Case("# foo\n\n  bar  ", out: ["bar"], kept: ["foo", "# foo"]),
        Case(" # foo", out: ["# foo"], kept: ["foo"]),
        Case("\u{feff}foo", out: ["foo"]),
        Case("foo\r\nbar", out: ["foo", "bar"]),
        Case("*", out: ["a", "a/b", ".git"]),
        Case("*.md", out: ["README.md", ".md"], kept: ["docs/README.md", "README.mdx"]),
        Case("*/temp*", out: ["a/temp", "a/temporary.txt", "a/temp/x"], kept: ["temp", "a/b/temp"]),
        Case("*/*/temp*", out: ["a/b/temp"], kept: ["a/temp"]),
        Case("temp?", out: ["tempa", "tempb"], kept: ["temp", "tempab", "temp/"]),
        Case("a?b", kept: ["a/b"]),
        Case("**", out: ["a", "a/b"]),
        Case("**/foo", out: ["foo", "a/foo", "a/b/foo", "a/foo/x"], kept: ["afoo", "a/bfoo"]),
        Case("**/*.go", out: ["a.go", "a/b.go", "a/b/c.go"], kept: ["a.goo"]),
        Case("foo/**", out: ["foo/a", "foo/a/b"], kept: ["foo", "a/foo/b"]),
        Case("foo/**/bar", out: ["foo/bar", "foo/a/bar", "foo/a/b/bar"], kept: ["foo", "foo/abar"]),
        Case("a**b", out: ["ab", "axb", "ax/yb"], kept: ["ba"]),
        Case("[a-c]x", out: ["ax", "cx"], kept: ["dx", "x"]),
        Case("[^a-c]x", out: ["dx"], kept: ["ax", "/x"]),
        Case("[ab", out: ["[ab"], kept: ["a"]),
        Case("\\*", out: ["*"], kept: ["a"]),
        Case("\\#foo", out: ["#foo"], kept: ["foo"]),
        Case("*.md\n!README.md", out: ["NOTES.md"], kept: ["README.md"]),
        Case("*.md\n!README*.md\nREADME-secret.md", out: ["README-secret.md", "a.md"], kept: ["README.md"]),
        Case("*.md\nREADME-secret.md\n!README*.md", out: ["a.md"], kept: ["README-secret.md", "README.md"]),
        Case("docs\n!docs/guide", out: ["docs/a", "docs"], kept: ["docs/guide", "docs/guide/b"]),
        Case("*\n!src\nsrc/**/*.o", out: ["a", "src/x/y.o", "src/y.o"], kept: ["src", "src/main.c"]),
        Case("! foo", kept: ["foo"]),
        Case("!", kept: ["a"]),
        Case("!a\na", out: ["a"]),
        Case("a.c", out: ["a.c"], kept: ["abc"]),
    ]

    @Test("By Docker's rules", arguments: cases)
    func leavesOut(_ example: Case) {
        let ignore = IgnoreFile(example.file)
        for path in example.out { #expect(ignore.leavesOut(path), "\(path) is left out") }
        for path in example.kept { #expect(!ignore.leavesOut(path), "\(path) is kept") }
    }

    @Test("A pattern made to take long does not", .timeLimit(.minutes(1)))
    func hostile() {
        let ignore = IgnoreFile(String(repeating: "**/a*", count: 100) + "b")
        #expect(!ignore.leavesOut(String(repeating: "a/", count: 200) + "a"))
    }
}
