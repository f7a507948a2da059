internal import Foundation
package import Model

/// Where a node finds the values of secrets.
package protocol SecretSource: Sendable {
    /// `nil` when it cannot be read.
    func value(of reference: SecretReference) -> Secret<String>?
}

/// The node's own files and environment.
package struct LocalSecrets: SecretSource {
    /// A secret is a password, a key, a token: never a large file.
    static let largestFile = 1 << 20

    private let environment: [String: Secret<String>]

    package init(environment: [String: String]) { self.environment = environment.mapValues(Secret.init) }

    package func value(of reference: SecretReference) -> Secret<String>? {
        switch reference {
        case .environment(let name): environment[name]
        case .file(let path): Self.contents(of: path)
        }
    }

    private static func contents(of path: String) -> Secret<String>? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        guard let data = (try? file.read(upToCount: largestFile)) ?? nil else { return nil }  // SAFE: then absent
        guard var text = String(bytes: data, encoding: .utf8) else { return nil }
        if text.hasSuffix("\n") { text.removeLast() }
        return Secret(text)
    }
}
