internal import Glibc
internal import Model
internal import Reconciler

/// The gateway's own secret: what it signs cookies with. Only the proxy reads it, when it starts.
struct CookieKey {
    private static let bytes = 32

    let path: String

    /// Makes it where there is none; a signature stays good for as long as the folder.
    func ensure(for operation: String) throws(HostError) {
        var facts = stat()
        if stat(path, &facts) == 0, facts.st_size == Self.bytes { return }
        var generator = SystemRandomNumberGenerator()  // SAFE: a secret that could be repeated would be none
        let key = (0..<Self.bytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
        try DurableFile(path: path).write(key, for: operation)
    }
}
