/// What an option of curl means for where a request goes.
enum CurlOption: Hashable, Sendable {
    enum Body: Hashable, Sendable {
        /// `-d`: a leading `@` names a file.
        case data
        /// `--data-raw`: nothing names a file.
        case raw
        /// `--data-urlencode`
        case encoded
        case json
        /// `-F`
        case form
    }

    /// Changes nothing about where it goes.
    case ignored
    /// The same, with a value.
    case ignoredValue
    /// The same, and it is told that it was not looked at.
    case unseenValue
    case method, header, cookie, url, agent, referer, range, upload, resolve, connect
    case body(Body)
    case get, head, globsOff, keepsDots
    /// Cannot be asked about; why.
    case refused(String)

    var takesValue: Bool {
        switch self {
        case .ignored, .get, .head, .globsOff, .keepsDots, .refused: false
        case .ignoredValue, .unseenValue, .method, .header, .cookie, .url, .agent, .referer, .range, .upload, .resolve,
            .connect, .body:
            true
        }
    }

    /// `--name`, or `--no-name` of one that only switches something.
    static func named(_ name: String) -> CurlOption? {
        if let option = long[name] { return option }
        guard name.hasPrefix("no-"), long[String(name.dropFirst(3))] == .ignored else { return nil }
        return .ignored
    }

    static func lettered(_ letter: Character) -> CurlOption? { short[letter].flatMap { long[$0] } }

    private static let short: [Character: String] = [
        "X": "request", "H": "header", "b": "cookie", "d": "data", "F": "form", "G": "get", "I": "head",
        "A": "user-agent", "e": "referer", "r": "range", "T": "upload-file", "g": "globoff", "u": "user",
        "k": "insecure", "s": "silent", "S": "show-error", "v": "verbose", "L": "location", "i": "include",
        "f": "fail", "N": "no-buffer", "O": "remote-name", "J": "remote-header-name", "#": "progress-bar",
        "q": "disable", "4": "ipv4", "6": "ipv6", "0": "http1.0", "1": "tlsv1", "n": "netrc", "R": "remote-time",
        "a": "append", "p": "proxytunnel", "o": "output", "m": "max-time", "w": "write-out", "c": "cookie-jar",
        "E": "cert", "D": "dump-header", "y": "speed-time", "Y": "speed-limit", "z": "time-cond", "K": "config",
        "x": "proxy", ":": "next", "Z": "parallel", "U": "proxy-user", "j": "junk-session-cookies",
    ]

    private static let long: [String: CurlOption] = {
        var options: [String: CurlOption] = [
            "request": .method, "header": .header, "cookie": .cookie, "url": .url, "user-agent": .agent,
            "referer": .referer, "range": .range, "upload-file": .upload, "resolve": .resolve, "connect-to": .connect,
            "data": .body(.data), "data-ascii": .body(.data), "data-binary": .body(.data), "data-raw": .body(.raw),
            "data-urlencode": .body(.encoded), "json": .body(.json), "form": .body(.form), "form-string": .body(.form),
            "get": .get, "head": .head, "globoff": .globsOff, "path-as-is": .keepsDots,
            "user": .unseenValue, "oauth2-bearer": .unseenValue, "proxy-user": .ignoredValue,
            "config": .refused("a file of options is not read; write them down"),
            "next": .refused("ask about one request at a time"),
            "proxy": .refused("a request by way of another proxy is not followed; leave it out"),
            "unix-socket": .refused("a request to a socket does not go through a gateway"),
            "abstract-unix-socket": .refused("a request to a socket does not go through a gateway"),
        ]
        for name in flags { options[name] = .ignored }
        for name in values { options[name] = .ignoredValue }
        return options
    }()

    private static let flags = """
        insecure silent show-error verbose location location-trusted include show-headers fail fail-with-body \
        fail-early buffer no-buffer remote-name remote-name-all remote-header-name progress-bar progress-meter disable \
        ipv4 ipv6 http0.9 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 \
        tlsv1.3 netrc netrc-optional remote-time append proxytunnel compressed compressed-ssh raw tcp-nodelay \
        tcp-fastopen keepalive alpn npn sessionid basic digest anyauth ntlm negotiate ssl ssl-reqd ssl-no-revoke \
        cert-status create-dirs styled-output trace-time trace-ids post301 post302 post303 retry-connrefused \
        retry-all-errors parallel junk-session-cookies tr-encoding ignore-content-length disallow-username-in-url \
        false-start suppress-connect-headers xattr
        """.split(separator: " ").map(String.init)

    private static let values = """
        output output-dir max-time connect-timeout retry retry-delay retry-max-time write-out cookie-jar cacert capath \
        cert cert-type key key-type pass ciphers tls13-ciphers curves limit-rate rate max-redirs max-filesize \
        dump-header stderr trace trace-ascii interface local-port dns-servers doh-url expect100-timeout keepalive-time \
        tls-max proto proto-redir proto-default speed-time speed-limit time-cond crlfile pinnedpubkey \
        happy-eyeballs-timeout-ms noproxy netrc-file delegation service-name engine etag-save alt-svc hsts \
        parallel-max
        """.split(separator: " ").map(String.init)
}
