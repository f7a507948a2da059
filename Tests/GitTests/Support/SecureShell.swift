import Foundation
import Glibc
import Testing

/// A real sshd that lets whom the tests run as in with the keys in one file.
final class SecureShell: ServerProgram {
    let user: String

    /// `hostKey` is a file that ``Scratch/key(_:_:)`` made.
    init(_ scratch: Scratch, hostKey: String, authorized: String) throws {
        user = NSUserName()
        let keys = scratch["authorized_keys"]
        try Data("restrict \(try String(contentsOfFile: "\(authorized).pub", encoding: .utf8))".utf8)
            .write(to: URL(filePath: keys))
        // Where sshd puts the part of itself that talks to strangers.
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        try super.init("sshd", log: scratch["sshd.log"]) { port in
            let configuration = """
                Port \(port)
                ListenAddress 127.0.0.1
                HostKey \(hostKey)
                AuthorizedKeysFile \(keys)
                StrictModes no
                PasswordAuthentication no
                KbdInteractiveAuthentication no
                UsePAM no
                PidFile none
                MaxStartups 100
                """
            try Data(configuration.utf8).write(to: URL(filePath: scratch["sshd.conf"]))
            return ["/usr/sbin/sshd", "-D", "-e", "-f", scratch["sshd.conf"]]
        }
    }

    func url(_ path: String) -> String { "ssh://\(user)@127.0.0.1:\(port)\(path)" }
}

extension Scratch {
    /// A new key pair; gives the path of the private key.
    func key(_ name: String, _ arguments: String...) throws -> String { try key(arguments: arguments, named: name) }

    func key(arguments: [String], named name: String) throws -> String {
        let kind = arguments.isEmpty ? ["-t", "ed25519"] : arguments
        let phrase = kind.contains("-N") ? [] : ["-N", ""]
        try run(["/usr/bin/ssh-keygen", "-q", "-f", self[name]] + phrase + kind)
        return self[name]
    }

    /// As `ssh-keygen -l` prints it.
    func fingerprint(of key: String) throws -> String {
        let words = try run("/usr/bin/ssh-keygen", "-l", "-f", key).split(separator: " ")
        return String(try #require(words.first { $0.hasPrefix("SHA256:") }))
    }

    @discardableResult
    func run(_ command: String...) throws -> String { try run(command) }
}
