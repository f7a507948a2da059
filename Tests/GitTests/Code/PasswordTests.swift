import Foundation
import Git
import Model
import Reconciler
import Testing

/// Logging in over http, at a real web server.
@Suite struct PasswordTests {
    struct Wrong: CustomTestStringConvertible {
        let secret: String?
        var user: String? = WebServer.user
        let message: String
        var testDescription: String { message }
    }

    static let key =
        "-----BEGIN OPENSSH PRIVATE KEY-----\nYWJjZGVmZ2hpamtsbW5vcHFyc3R1\n-----END OPENSSH PRIVATE KEY-----\n"

    @Test(
        "A wrong login is refused, in words, and nothing of it is told",
        arguments: [
            Wrong(secret: "wr@ng/s3cret", message: "the server refuses the user or the password"),
            Wrong(secret: "right", user: "somebody", message: "the server refuses the user or the password"),
            Wrong(secret: nil, message: "the server wants a login, and none is given"),
            Wrong(secret: key, message: "the credential is a private key, and the server wants a password or token"),
        ])
    func wrong(_ example: Wrong) async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let web = try WebServer(serving: scratch, password: "right")
            defer { web.stop() }
            let host = scratch.codeHost()
            let repository = try scratch.remote(web.url(), user: example.user)
            let secret = example.secret.map { Secret($0) }
            let listing = await failure { _ = try await host.references(of: repository, credential: secret) }
            #expect(listing == SourceError("list the branches of \(web.url())", .refused, example.message))
            let fetching = await failure {
                try await host.fetch(repository, credential: secret, into: scratch.mirror)
            }
            #expect(fetching == SourceError("fetch \(web.url())", .refused, example.message))
        }
    }

    @Test("The manifest's user comes before the address's, and git is the last", arguments: [nil, "a", "b"])
    func users(given: String?) async throws {
        try await Scratch.with { scratch in
            let commit = try scratch.repository()
            let web = try WebServer(serving: scratch, password: "right")
            defer { web.stop() }
            let url = web.url().replacing("http://", with: "http://\(given == nil ? WebServer.user : "x")@")
            let repository = try scratch.remote(url, user: given == nil ? nil : WebServer.user)
            let told = try await scratch.codeHost().references(of: repository, credential: Secret("right"))
            #expect(told == ["refs/heads/main": commit])
        }
    }

    @Test func aServerThatSendsUsOnDoesNotGetToSendThePasswordOn() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let other = try WebServer(serving: scratch, password: "right")
            defer { other.stop() }
            try FileManager.default.removeItem(atPath: scratch["web"])
            let web = try WebServer(serving: scratch, password: "right", sendingOnTo: other.port)
            defer { web.stop() }
            let url = "http://127.0.0.1:\(web.port)/away/git/repo.git"
            let error = await failure {
                _ = try await scratch.codeHost().references(
                    of: scratch.remote(url, user: WebServer.user), credential: Secret("right"))
            }
            #expect(error?.failure == .refused)
            #expect(
                error?.message.contains("give the address that it redirects to") == true,
                "\(error.map { "\($0)" } ?? "")")
        }
    }

    @Test func aCertificateThatNobodyVouchesForIsRefusedWithTheRemedy() async throws {
        try await Scratch.with { scratch in
            let server = try SelfSignedServer(scratch)
            defer { server.stop() }
            let error = await failure {
                _ = try await scratch.codeHost().references(
                    of: scratch.remote("https://127.0.0.1:\(server.port)/a.git"), credential: Secret("right"))
            }
            #expect(error?.failure == .refused)
            #expect(
                error?.message
                    == "the certificate of 127.0.0.1 is not valid on this node; if it should be, install the "
                    + "certificate of its authority (update-ca-certificates)")
        }
    }

    @Test func aRemoteThatAcceptsAndStaysSilentEndsAtTheDeadlineAndLeavesNothing() async throws {
        try await Scratch.with { scratch in
            let server = try SilentServer()
            let host = scratch.codeHost(
                deadlines: .init(list: .seconds(1), fetch: .seconds(1), checkout: .seconds(1)))
            for url in ["http", "ssh", "git"].map({ "\($0)://127.0.0.1:\(server.port)/a.git" }) {
                let repository = try scratch.remote(url)
                let listing = await failure {
                    _ = try await host.references(of: repository, credential: Secret("s3cret"))
                }
                #expect(listing?.failure == .unreachable)
                #expect(listing?.message == "127.0.0.1 did not answer in full within 1 s")
                let fetching = await failure {
                    try await host.fetch(repository, credential: Secret("s3cret"), into: scratch.mirror)
                }
                #expect(fetching?.failure == .unreachable)
            }
            try await eventually("a process lives") { try processes(naming: scratch.path).isEmpty }
        }
    }

    @Test(
        "What the child repeats of a secret is not repeated", arguments: ["s3@ret", "line one, long\nline two, longer"])
    func repeated(secret: String) async throws {
        try await Scratch.with { scratch in
            let parrot = FetchCommand(executable: "/bin/sh", arguments: ["-c", "cat; exit 83"])
            let error = await failure {
                _ = try await scratch.codeHost(fetch: parrot).references(
                    of: scratch.remote("https://h/a"), credential: Secret(secret))
            }
            #expect(error?.message.contains("secret \(secret.utf8.count)\n***\n") == true)
        }
    }

    @Test func anOrderThatIsNoneIsRefusedByTheChild() async throws {
        try await Scratch.with { scratch in
            for order in ["", "end 0\\n\\n", "verb 5\\nfetch\\nend 0\\n\\n", "verb 99\\nfetch\\nend 0\\n\\n", "x"] {
                let child = FetchCommand.itself(home: scratch.path)
                let words = ([child.executable] + child.arguments + [scratch.mirror]).map { "'\($0)'" }
                let said = try scratch.run([
                    "/bin/sh", "-c", "printf '\(order)' | \(words.joined(separator: " ")) | cat",
                ])
                #expect(said.contains("what the fetching process was asked is nothing it knows"), "\(order): \(said)")
            }
        }
    }
}

/// The processes whose command line names `text`.
func processes(naming text: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.compactMap { name in
        guard let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else { return nil }
        let line = String(decoding: data, as: UTF8.self)
        return line.contains(text) ? line : nil
    }
}
