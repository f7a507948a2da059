import Model
import Testing

@Suite("The regular expressions that rules may have")
struct RouteRegexTests {
    @Test(
        "What every engine understands alike is taken",
        arguments: [
            ("/v[0-9]+/.*", "/v12/x", true), ("/v[0-9]+/.*", "x/v12/x", false), ("a|b", "b", true),
            ("a|b", "ab", false),
            ("(?:a|b){2,3}", "abb", true), ("(a|b){2}", "abb", false), ("[^/]+", "a/b", false),
            ("\\d+\\.\\w*", "1.a_", true),
            ("a?b*c+", "cc", true), ("x\\{y\\}", "x{y}", true), ("[a-zA-Z_%.-]", "-", false),
            ("[a-z\\-]+", "a-b", true),
            ("\\w", "é", false), (".", "é", true),
        ])
    func taken(text: String, value: String, fits: Bool) {
        if text == "[a-zA-Z_%.-]" {
            #expect(RouteRegex.problem(in: text) != nil, "a dash at the end must be escaped")
        } else {
            #expect(RouteRegex.problem(in: text) == nil)
            #expect(RouteRegex.matches(text, value) == fits)
        }
    }

    @Test(
        "What engines take differently is refused with a remedy",
        arguments: [
            "", "^a", "a$", "(?i)a", "(?=a)", "a++", "a**", "*a", "[a", "(a", "a)", "\\b", "\\1", "\\p{L}",
            "[[:alpha:]]",
            "[]", "[z-a]", "a{2", "a{,3}", "a{101}", "é", "\\", String(repeating: "a", count: 201),
            String(repeating: "(", count: 9) + "a" + String(repeating: ")", count: 9), "a{3,2}", "a\nb",
        ])
    func refused(text: String) { #expect(RouteRegex.problem(in: text) != nil) }
}

@Suite("Where the author of a sandbox may send requests")
struct TargetPolicyTests {
    @Test(
        "The machine itself and what tells its secrets are never allowed",
        arguments: [
            "127.0.0.1", "127.8.8.8", "0.0.0.0", "169.254.169.254", "localhost", "LOCALHOST", "a.localhost",
            "224.0.0.1",
            "255.255.255.255", "metadata.google.internal", "100.100.100.200",
        ])
    func forbidden(host: String) {
        #expect(TargetPolicy().refusal(ofHost: host) != nil)
        #expect(
            TargetPolicy(allowed: [.host(host.lowercased())]).refusal(ofHost: host) != nil, "a list allows it neither")
    }

    @Test(
        "A list narrows what is allowed",
        arguments: [
            ("user-dev.company.com", true), ("company.com", false), ("evilcompany.com", false), ("172.18.3.4", true),
            ("172.19.0.1", false), ("one.example.com", true), ("two.example.com", false),
        ])
    func allowed(host: String, isAllowed: Bool) throws {
        let net = try #require(Subnet("172.18.0.0/16"))
        let policy = TargetPolicy(allowed: [.below("company.com"), .network(net), .host("one.example.com")])
        #expect((policy.refusal(ofHost: host) == nil) == isAllowed)
        #expect(TargetPolicy().refusal(ofHost: host) == nil)
    }
}
