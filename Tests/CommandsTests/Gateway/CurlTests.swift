import Model
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("What a pasted curl command asks")
struct CurlTests {
    struct Case: CustomTestStringConvertible {
        let line: String
        /// `METHOD host path?query name=value …`, without what curl always sends; or the error.
        let says: String
        var notes: [String] = []
        var testDescription: String { line }

        init(_ line: String, _ says: String, notes: [String] = []) {
            self.line = line
            self.says = says
            self.notes = notes
        }
    }

    static let ordinary = [
        Case("curl http://qa.dev.example.com", "GET qa.dev.example.com /"),
        Case("curl qa.dev.example.com/a", "GET qa.dev.example.com /a"),
        Case("  $ curl https://QA.Dev.Example.com/Login?x=1#top", "GET qa.dev.example.com /Login?x=1"),
        Case("/usr/bin/curl 'http://x.test/?a=1&b=2'", "GET x.test /?a=1&b=2"),
        Case("curl http://x.test/?", "GET x.test /?"),
        Case("curl http://x.test?a=/b", "GET x.test /?a=/b"),
        Case("curl http://user:pa%20ss@x.test:8080/", "GET x.test /"),
        Case("curl http://x.test/a/../b/./c/..", "GET x.test /b/"),
        Case("curl --path-as-is http://x.test/a/../b", "GET x.test /a/../b"),
        Case("curl http://x.test/caf\u{e9}", "GET x.test /caf%C3%A9"),
        Case("curl -g 'http://x.test/[1-3]'", "GET x.test /[1-3]"),
        Case("curl --url http://x.test/a", "GET x.test /a"),
        Case("curl -- http://x.test/a", "GET x.test /a"),
        Case(
            "curl -X POST https://qa.dev.example.com/v2/login -H \"x-tenant: qa\" -b beta=1",
            "POST qa.dev.example.com /v2/login x-tenant=qa cookie=beta=1"),
        Case("curl -XPUT http://x.test", "PUT x.test /"),
        Case("curl -sSLXPATCH http://x.test", "PATCH x.test /"),
        Case("curl --request DELETE http://x.test", "DELETE x.test /"),
        Case("curl -I http://x.test", "HEAD x.test /"),
        Case("curl -T file http://x.test/up", "PUT x.test /up"),
        Case(
            "curl http://x.test -d a=1", "POST x.test / content-type=application/x-www-form-urlencoded"),
        Case(
            "curl http://x.test --data-binary @/etc/passwd -X GET",
            "GET x.test / content-type=application/x-www-form-urlencoded"),
        Case(
            "curl --json '{\"a\": 1}' http://x.test",
            "POST x.test / accept=application/json content-type=application/json"),
        Case("curl -F a=@file http://x.test", "POST x.test / content-type=multipart/form-data"),
        Case("curl -d a=1 -H 'Content-Type: text/plain' http://x.test", "POST x.test / content-type=text/plain"),
        Case("curl -G http://x.test/s?q=1 -d a=2 --data-urlencode 'b=c d&e'", "GET x.test /s?q=1&a=2&b=c%20d%26e"),
        Case("curl -G --data-urlencode '=a/b' http://x.test", "GET x.test /?a%2Fb"),
        Case("curl -H 'Host: QA.dev.example.com:18000' http://localhost:18000/", "GET qa.dev.example.com /"),
        Case("curl -H 'X-Empty;' -H 'Accept:' -H'x-a:b' http://x.test", "GET x.test / x-empty= x-a=b"),
        Case(
            "curl -A probe -e http://from.test -r 0-9 http://x.test",
            "GET x.test / user-agent=probe referer=http://from.test range=bytes=0-9"),
        Case("curl --cookie a=1 -b 'b=2; c=3' http://x.test", "GET x.test / cookie=a=1 cookie=b=2; c=3"),
        Case(
            "curl -k -s -v -L -i --compressed --http2 -o out -m 5 -w '%{http_code}' --no-keepalive http://x.test",
            "GET x.test /"),
        Case(
            "curl -u me:secret http://x.test", "GET x.test /", notes: ["-u is not looked at: no authorization is sent"]),
        Case(
            "curl -X post http://x.test", "post x.test /",
            notes: ["methods are told apart by case: post is not POST"]),
    ]

    static let quoting = [
        Case("curl 'http://x.test' \\\n  -H 'x-a: 1' \\\r\n  -H \"x-b: \\\"2\\\"\"\n", "GET x.test / x-a=1 x-b=\"2\""),
        Case("curl http://x.test/a\\ b", "\"http://x.test/a b\" is no URL: it has a space; write %20"),
        Case("curl http://x.'te'\"st\"/", "GET x.test /"),
        Case("curl -H 'x-a: it'\\''s' http://x.test", "GET x.test / x-a=it's"),
        Case("curl -H $'x-a: caf\\u00e9 \\x41\\'' http://x.test", "GET x.test / x-a=caf\u{e9} A'"),
        Case("curl http://x.test --data-raw $'{\\n}'", "POST x.test / content-type=application/x-www-form-urlencoded"),
        Case(
            "curl -H \"Authorization: Bearer $TOKEN\" http://x.test", "GET x.test / authorization=Bearer $TOKEN",
            notes: ["$TOKEN is not known here, and taken as it is written"]),
        Case("curl -H '$TOKEN: 1' http://x.test", "GET x.test / $token=1"),
        Case("curl http://x.test # the shared one", "GET x.test /"),
        Case("curl http://x.test | jq .", "GET x.test /", notes: ["not looked at: | jq ."]),
        Case("curl http://x.test 2>/dev/null", "GET x.test /", notes: ["not looked at: >/dev/null"]),
        Case("curl http://x.test && rm -rf /", "GET x.test /", notes: ["not looked at: && rm -rf /"]),
        Case("curl http://x.test\nrm -rf /", "GET x.test /", notes: ["not looked at: rm -rf /"]),
    ]

    static let hostile = [
        Case(
            "curl http://x.test/$(rm -rf /)",
            "a command within the command is never run; put what it answers in its place"),
        Case(
            "curl \"http://x.test/`id`\"", "a command within the command is never run; put what it answers in its place"
        ),
        Case("curl http://x.test/?a=1&b=2", "an \"&\" outside quotes ends the command; put the URL in quotes"),
        Case("curl 'http://x.test", "a ' is not closed"),
        Case("curl \"http://x.test", "a \" is not closed"),
        Case("curl ^\"http://x.test^\"", "this is written for cmd of Windows; copy it as cURL for bash"),
        Case("curl (http://x.test)", "a \"(\" outside quotes is for the shell; put its word in quotes"),
        Case("wget http://x.test", "this is no curl command; it begins with curl"),
        Case("", "this is no curl command; it begins with curl"),
        Case("curl", "the command names no URL"),
        Case("curl -X", "-X needs a value"),
        Case("curl --header", "--header needs a value"),
        Case("curl http://a.test http://b.test", "the command names 2 URLs; ask about one at a time"),
        Case(
            "curl --frobnicate http://x.test",
            "--frobnicate is no option of curl that is known here; leave it out, or write berth explain METHOD URL -H 'name: value'"
        ),
        Case(
            "curl -s\u{1b}[2J http://x.test",
            "-  is no option of curl that is known here; leave it out, or write berth explain METHOD URL -H 'name: value'"
        ),
        Case("curl -K evil.cfg http://x.test", "-K: a file of options is not read; write them down"),
        Case(
            "curl -x http://proxy http://x.test", "-x: a request by way of another proxy is not followed; leave it out"),
        Case("curl http://a.test --next http://b.test", "--next: ask about one request at a time"),
        Case("curl -H @/etc/passwd http://x.test", "-H @/etc/passwd: a file of headers is not read; write them down"),
        Case("curl -b jar.txt http://x.test", "-b \"jar.txt\" is no cookie, and no file is read; write name=value"),
        Case("curl -G -d @/etc/passwd http://x.test", "-G with \"@/etc/passwd\": no file is read; write what is in it"),
        Case(
            "curl -H $'x-a: 1\\r\\nx-sandbox: qa' http://x.test",
            "-H \"x-a: 1 x-sandbox: qa\" is more than one line; a header is one"),
        Case("curl -H 'no header' http://x.test", "-H \"no header\" is no header; write 'name: value'"),
        Case("curl -H 'x a: 1' http://x.test", "-H \"x a: 1\" is no header; write 'name: value'"),
        Case(
            "curl -X 'GET /x HTTP/1.1' http://x.test", "\"GET /x HTTP/1.1\" is no method; write one such as GET or POST"
        ),
        Case("curl ftp://x.test", "\"ftp://x.test\" does not go through a gateway; it takes http:// and https://"),
        Case(
            "curl file:///etc/passwd",
            "\"file:///etc/passwd\" does not go through a gateway; it takes http:// and https://"),
        Case("curl http://x.test:99999", "\"http://x.test:99999\" is no URL: a port is a number from 1 to 65535"),
        Case("curl http://x.test:+80", "\"http://x.test:+80\" is no URL: a port is a number from 1 to 65535"),
        Case(
            "curl http://",
            "\"http://\" is no URL: it needs a host of letters, digits, dots and dashes, such as http://qa.dev.example.com/login"
        ),
        Case(
            "curl http://x%2etest",
            "\"http://x%2etest\" is no URL: it needs a host of letters, digits, dots and dashes, such as http://qa.dev.example.com/login"
        ),
        Case(
            "curl 'http://{a,b}.test'",
            "\"http://{a,b}.test\" stands for several URLs, or has an IPv6 address; ask about one request at a time"),
        Case("curl --resolve x.test http://x.test", "--resolve \"x.test\" is not HOST:PORT:ADDRESS"),
        Case("curl --connect-to a:b:c:d http://x.test", "--connect-to \"a:b:c:d\" is not HOST1:PORT1:HOST2:PORT2"),
    ]

    @Test("Each line is one request, or one error that names what is wrong", arguments: ordinary + quoting + hostile)
    func reads(_ example: Case) {
        do {
            let asked = try AskedRequest(curl: example.line)
            #expect(Self.words(asked.request(at: 80)) == example.says)
            #expect(asked.notes == example.notes)
        } catch {
            #expect("\(error)" == example.says)
        }
    }

    private static func words(_ request: GatewayRequest) -> String {
        let usual = ["user-agent": "curl/8.0.0", "accept": "*/*"]
        let headers = request.headers.filter { usual[$0.name] != $0.value }.map { " \($0.name)=\($0.value)" }
        return "\(request.method) \(request.host) \(request.path)" + (request.query.map { "?\($0)" } ?? "")
            + headers.joined()
    }

    @Test("Where a request connects to decides the port and the address it reaches")
    func detours() throws {
        let connected = try AskedRequest(
            curl: "curl --connect-to qa.test:443:localhost:18443 --connect-to ::other:1 https://qa.test/")
        #expect(connected.port == 18443)
        #expect(connected.destination == nil)
        let other = try AskedRequest(curl: "curl --connect-to qa.test:80::18080 https://qa.test/")
        #expect(other.port == nil)
        let resolved = try AskedRequest(curl: "curl --resolve payment:8080:10.210.0.1 http://payment:8080/")
        #expect(resolved.destination == "10.210.0.1")
        #expect(resolved.port == nil)
        let any = try AskedRequest(curl: "curl --resolve '*:80:10.210.0.1' http://payment/")
        #expect(any.destination == "10.210.0.1")
    }

    @Test("What is longer than anybody writes is refused before it is taken apart")
    func bounds() {
        let line = "curl http://x.test -d '" + String(repeating: "a", count: 131_072) + "'"
        let long = #expect(throws: UnreadableRequest.self) { try AskedRequest(curl: line) }
        #expect(long?.description == "a command of more than 131072 bytes is not read; leave its body out")
        let words = "curl http://x.test" + String(repeating: " -s", count: 1000)
        let many = #expect(throws: UnreadableRequest.self) { try AskedRequest(curl: words) }
        #expect(many?.description == "a command of more than 1000 words is not read")
        let headers = "curl http://x.test" + String(repeating: " -H a:b", count: 201)
        let full = #expect(throws: UnreadableRequest.self) { try AskedRequest(curl: headers) }
        #expect(full?.description == "more than 200 headers are not read")
    }

    @Test("No text of a small alphabet stops the program, whatever its quotes", arguments: 0..<20)
    func survives(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let pieces = [
            "curl", " ", "'", "\"", "\\", "$", "$'", "\n", "&", "|", ">", "-", "-X", "-H", "a:b", "http://x.test/",
            "?", "%", "{", "[", "--resolve", ":", "@", "é", "\u{1b}", "\u{1}", "--data-urlencode", "=", "2", "..", "/",
        ]
        for _ in 0..<500 {
            let count = Int.random(in: 0...12, using: &random)
            let line =
                "curl " + (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            do {
                let request = try AskedRequest(curl: line).request(at: 80)
                #expect(request.path.hasPrefix("/"))
                #expect(request.headers.allSatisfy { !$0.name.isEmpty && !$0.value.contains("\n") })
            } catch {
                let text = "\(error)"
                #expect(!text.isEmpty)
            }
        }
    }

    @Test(
        "Without curl it is a method and a URL",
        arguments: [
            (["http://x.test/a"], "GET x.test /a x-a=1 cookie=b=2"),
            (["post", "http://x.test/a"], "POST x.test /a x-a=1 cookie=b=2"),
            (["curl", "http://x.test/a"], "GET x.test /a x-a=1 cookie=b=2"),
            (["curl", "PUT", "http://x.test/a"], "PUT x.test /a x-a=1 cookie=b=2"),
            (["a", "b", "c"], "\"a b c\" is not [METHOD] URL; put a whole curl command in quotes"),
            ([], "there is no request; write berth explain URL, or paste a curl command in quotes"),
        ])
    func plain(words: [String], says: String) {
        do {
            let asked = try AskedRequest(words: words, headers: ["X-A: 1"], cookies: ["b=2"])
            #expect(Self.words(asked.request(at: 80)) == says)
        } catch {
            #expect("\(error)" == says)
        }
    }

    @Test("A curl command is told from a URL")
    func isCurl() {
        #expect(AskedRequest.isCurl("curl http://x.test"))
        #expect(AskedRequest.isCurl("\n $ curl http://x.test"))
        #expect(AskedRequest.isCurl("/usr/bin/curl\t-s http://x.test"))
        #expect(!AskedRequest.isCurl("http://curl.test/"))
        #expect(!AskedRequest.isCurl("curl"))
    }
}
