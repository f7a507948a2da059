internal import Foundation

/// Images of services that answer who they are: `berth-test/e2e-account:feature-a` says `account feature-a`.
///
/// They are made of the image that the test engine brings; nothing is pulled.
struct Images {
    /// Answers who it is, or what it holds: `/env/NAME` and `/file/PATH`; what it was sent: `/headers` and `/seen…`; or
    /// what another answers: `/call/HOST:PORT/PATH`. It is unwell while there is a file `/tmp/sick`.
    private static let answer = #"""
        #!/bin/sh
        cr=$(printf '\r')
        read -r -t 10 method path rest || exit 0
        head=
        while read -r -t 10 line && line=${line%"$cr"} && [ -n "$line" ]; do head="$head$line|"; done
        status='200 OK'
        case $path in
        /health)
            text=$WHO
            [ ! -e /tmp/sick ] || status='503 Unwell'
            ;;
        /headers*) text=$head ;;
        /seen*) text="$WHO $method $path" ;;
        /call/*)
            rest=${path#/call/} address=${rest%%/*}
            text=$(printf 'GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n' "${rest#*/}" "$address" |
                nc -w 10 "${address%:*}" "${address#*:}" 2>&1 | sed "1,/^$cr*\$/d")
            ;;
        /env/*) text=$(env | sed -n "s/^${path#/env/}=//p") ;;
        /file/*) text=$(cat "/${path#/file/}" 2>&1) ;;
        *) text=$WHO ;;
        esac
        head="HTTP/1.1 $status\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n"
        printf "$head" $((${#text} + 1)) "$text"
        """#
    /// Every l adds one to the connections that may wait to be taken.
    private static let serve = """
        #!/bin/sh
        echo "$WHO listens on 8080"
        nc -llllllllllllllllllllllllllllllll -p 8080 -e /bin/answer &
        trap 'kill $!; exit 0' TERM INT
        wait $!
        """
    private static let base = "berth-test/e2e-base:1"
    private static let name = "berth-test/e2e-"

    /// The versions of each service that answer.
    private static let good = ["account": ["main", "feature-a", "feature-b"], "payment": ["main", "feature-a"]]

    let engine: Engine
    let scratch: String

    /// Makes those that are missing.
    func prepare() async throws {
        guard try await !engine.hasImage(Self.name + "account:deaf") else { return }
        try await makeBase()
        for (service, versions) in Self.good.sorted(by: { $0.key < $1.key }) {
            for version in versions {
                try await make("\(service):\(version)", saying: "\(service) \(version)", "/bin/serve")
            }
        }
        try await make("account:broken", saying: "", "echo cannot open the database; exit 7")
        try await make("account:deaf", saying: "", "echo waiting for a licence; trap 'exit 0' TERM; sleep 3600 & wait")
    }

    /// Makes those that are missing, and brings them to engines that lack them.
    func prepare(on others: [Engine]) async throws {
        try await prepare()
        var lacking: [Engine] = []
        for other in others where try await !other.hasImage(Self.name + "account:deaf") { lacking.append(other) }
        guard !lacking.isEmpty else { return }
        let archive = scratch + "/images.tar"
        let images = try await engine.docker(
            "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=\(Self.name)*")
        try await engine.docker(["save", "--output", archive] + images.split(separator: "\n").map(String.init))
        for other in lacking { try await other.docker("load", "--quiet", "--input", archive) }
        try FileManager.default.removeItem(atPath: archive)
    }

    private func makeBase() async throws {
        for (file, text) in [("answer", Self.answer), ("serve", Self.serve)] {
            try Data((text + "\n").utf8).write(to: URL(filePath: scratch + "/" + file))
            chmod(scratch + "/" + file, 0o755)
        }
        let draft = try await engine.docker("create", "berth-test/busybox:1")
        for file in ["answer", "serve"] { try await engine.docker("cp", scratch + "/" + file, "\(draft):/bin/\(file)") }
        try await engine.docker("commit", draft, Self.base)
        try await engine.docker("rm", draft)
    }

    private func make(_ image: String, saying who: String, _ command: String) async throws {
        let draft = try await engine.docker("create", Self.base)
        try await engine.docker(
            "commit", "--change", "ENV WHO=\"\(who)\"", "--change", "CMD [\"/bin/sh\", \"-c\", \"\(command)\"]", draft,
            Self.name + image)
        try await engine.docker("rm", draft)
    }
}
