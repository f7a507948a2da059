internal import Model

/// The names inside a sandbox as the text of its `/etc/hosts`, and back.
///
/// The engine's own names (other containers, the container itself) are not in it: those its DNS server answers.
enum HostsText {
    private static let before = "# Berth writes this file: sandbox "
    private static let between = " reaches these services at "
    private static let always = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]

    /// Equal names give equal bytes.
    static func write(_ names: SandboxNames) -> [UInt8] {
        let services = names.services.sorted().map { "\(names.address) \($0)" }
        let lines = ["\(before)\(names.sandbox)\(between)\(names.address)"] + always + services
        return Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// `nil` for anything that ``write(_:)`` does not write for this sandbox, apart from empty lines at the end, which
    /// ``HostsFile`` leaves behind when it is killed.
    static func read(_ bytes: [UInt8], of sandbox: SandboxName) -> SandboxNames? {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n")
        let first = before + sandbox.text + between
        guard let head = lines.first, head.hasPrefix(first) else { return nil }
        var names = SandboxNames(sandbox: sandbox, address: String(head.dropFirst(first.count)), services: [])
        for line in lines.dropFirst(1 + always.count) {
            guard let word = line.split(separator: " ").last, let service = service(word) else { return nil }
            names.services.insert(service)
        }
        let own = write(names)
        let isOwn = bytes.starts(with: own) && bytes.dropFirst(own.count).allSatisfy { $0 == newline }
        return isOwn ? names : nil
    }

    /// What is written, one call each, to have `text` in a file of `length` bytes, which is then cut to the text.
    ///
    /// First the file is made long enough with empty lines: where a write makes a file longer, a reader may meet the
    /// new bytes up to the old length. Then the text goes in as a whole, and empty lines over what is left of the old.
    static func steps(to text: [UInt8], over length: Int) -> [(offset: Int, bytes: [UInt8])] {
        let more = [UInt8](repeating: newline, count: max(0, text.count - length))
        let rest = [UInt8](repeating: newline, count: max(0, length - text.count))
        return [(length, more), (0, text + rest)]
    }

    private static let newline = UInt8(ascii: "\n")

    private static func service(_ word: Substring) -> ServiceName? {
        do throws(InvalidName) {
            return try ServiceName(String(word))
        } catch {
            return nil
        }
    }
}
