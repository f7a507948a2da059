import Foundation
import Git
import Model
import Reconciler
import Testing

/// Logging in over ssh, at a real sshd.
@Suite struct DeployKeyTests {
    @Test("Keys that a server accepts open it", arguments: ["ed25519", "ecdsa"])
    func accepted(kind: String) async throws {
        try await Scratch.with { scratch in
            let commit = try scratch.repository()
            let key = try scratch.key("deploy", "-t", kind)
            let shell = try SecureShell(scratch, hostKey: scratch.key("host"), authorized: key)
            defer { shell.stop() }
            // One line feed at the end is not part of the value of a secret that is kept in a file.
            let text = try String(contentsOfFile: key, encoding: .utf8).trimmingCharacters(in: .newlines)
            let repository = try scratch.remote(shell.url(scratch["repo.git"]))
            let told = try await scratch.codeHost().references(of: repository, credential: Secret(text))
            #expect(told == ["refs/heads/main": commit])
        }
    }

    struct Wrong: CustomTestStringConvertible {
        let make: [String]
        var isAuthorized = false
        let message: String
        var testDescription: String { make.joined(separator: " ") }
    }

    @Test(
        "Keys that do not open it are refused, with the remedy",
        arguments: [
            Wrong(make: ["-t", "ed25519"], message: "the server refuses the key of the credential"),
            Wrong(
                make: ["-t", "rsa", "-b", "2048"], isAuthorized: true,
                message:
                    "the server refuses the RSA key of the credential, for it can only be offered with SHA-1 here; "
                    + "use an ed25519 or ecdsa key"),
            Wrong(
                make: ["-t", "rsa", "-b", "2048", "-m", "PEM"], isAuthorized: true,
                message:
                    "the server refuses the RSA key of the credential, for it can only be offered with SHA-1 here; "
                    + "use an ed25519 or ecdsa key"),
            Wrong(
                make: ["-t", "ed25519", "-N", "passphrase"], isAuthorized: true,
                message: "the key of the credential has a passphrase; give one that has none"),
        ])
    func wrong(_ example: Wrong) async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let key = try scratch.key(arguments: example.make, named: "deploy")
            let shell = try SecureShell(
                scratch, hostKey: scratch.key("host"), authorized: example.isAuthorized ? key : scratch.key("other"))
            defer { shell.stop() }
            let error = await failure {
                _ = try await scratch.codeHost().references(
                    of: scratch.remote(shell.url(scratch["repo.git"])), credential: scratch.secret(ofFile: key))
            }
            #expect(error?.failure == .refused)
            #expect(error?.message == example.message)
        }
    }

    @Test("What is no key at all is refused")
    func noKey() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let shell = try SecureShell(scratch, hostKey: scratch.key("host"), authorized: scratch.key("deploy"))
            defer { shell.stop() }
            let repository = try scratch.remote(shell.url(scratch["repo.git"]))
            for (secret, message) in [
                ("pass word", "the credential is a password or token, and the server wants a private key"),
                (PasswordTests.key, "key"),
            ] {
                let error = await failure {
                    _ = try await scratch.codeHost().references(of: repository, credential: Secret(secret))
                }
                #expect(error?.failure == .refused, "\(error.map { "\($0)" } ?? "")")
                #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
            }
            let error = await failure { _ = try await scratch.codeHost().references(of: repository, credential: nil) }
            #expect(error?.failure == .refused)
            #expect(
                error?.message == "the server accepts none of the node's own keys, and no credential is given")
            try FileManager.default.createDirectory(atPath: scratch[".ssh"], withIntermediateDirectories: true)
            try FileManager.default.moveItem(atPath: scratch["deploy"], toPath: scratch[".ssh/id_ed25519"])
            let told = try await scratch.codeHost().references(of: repository, credential: nil)
            #expect(told.count == 1)
        }
    }

    @Test func aHostKeyIsBelievedWhenItIsFirstSeenAndNoOtherAfterIt() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let key = try scratch.key("deploy"), first = try scratch.key("first"), second = try scratch.key("second")
            let (old, new) = (try scratch.fingerprint(of: first), try scratch.fingerprint(of: second))
            let shell = try SecureShell(scratch, hostKey: first, authorized: key)
            defer { shell.stop() }
            let host = scratch.codeHost(), secret = try scratch.secret(ofFile: key)
            let repository = try scratch.remote(shell.url(scratch["repo.git"]))
            let guest = scratch.codeHost(keepingHostKeys: false)
            _ = try await guest.references(of: repository, credential: secret)
            #expect(!FileManager.default.fileExists(atPath: scratch["data/pins"]), "a guest keeps nothing")
            _ = try await host.references(of: repository, credential: secret)
            let pin = scratch["data/pins/hostkey-127.0.0.1%3A\(shell.port)"]
            #expect(try String(contentsOfFile: pin, encoding: .utf8) == "\(old)\n")

            // The same server shows another key: what it has pinned is put in its place.
            try Data("\(new)\n".utf8).write(to: URL(filePath: pin))
            for host in [host, guest] {
                let error = await failure { _ = try await host.references(of: repository, credential: secret) }
                #expect(error?.failure == .refused)
                #expect(
                    error?.message == "127.0.0.1:\(shell.port) shows the host key \(old) (ed25519), and has shown "
                        + "\(new) before; if it was changed on purpose, write hostKey: \(old) in the manifest, or remove "
                        + pin)
            }
            let fetching = await failure {
                try await host.fetch(repository, credential: secret, into: scratch.mirror)
            }
            #expect(fetching?.failure == .refused)

            // What the manifest says decides, whatever was seen.
            let right = try scratch.remote(shell.url(scratch["repo.git"]), hostKey: old)
            _ = try await host.references(of: right, credential: secret)
            try FileManager.default.removeItem(atPath: pin)
            let wrong = try scratch.remote(shell.url(scratch["repo.git"]), hostKey: new)
            let error = await failure { _ = try await host.references(of: wrong, credential: secret) }
            #expect(error?.failure == .refused)
            #expect(
                error?.message
                    == "127.0.0.1:\(shell.port) shows the host key \(old) (ed25519), and hostKey: says \(new); "
                    + "if that is the server's key now, correct hostKey:")
            #expect(!FileManager.default.fileExists(atPath: pin), "what is refused is not kept")
        }
    }

    @Test func aHostThatTheNodeKnowsNeedsNoPin() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let key = try scratch.key("deploy"), hostKey = try scratch.key("host")
            let shell = try SecureShell(scratch, hostKey: hostKey, authorized: key)
            defer { shell.stop() }
            try FileManager.default.createDirectory(atPath: scratch[".ssh"], withIntermediateDirectories: true)
            let line = "[127.0.0.1]:\(shell.port) \(try String(contentsOfFile: "\(hostKey).pub", encoding: .utf8))"
            try Data(line.utf8).write(to: URL(filePath: scratch[".ssh/known_hosts"]))
            _ = try await scratch.codeHost().references(
                of: scratch.remote(shell.url(scratch["repo.git"])), credential: scratch.secret(ofFile: key))
            #expect(!FileManager.default.fileExists(atPath: scratch["data/pins"]))
        }
    }
}
