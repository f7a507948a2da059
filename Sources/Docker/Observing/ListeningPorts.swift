internal import Foundation

/// The TCP ports of this machine that something listens on.
struct ListeningPorts: Sendable {
    var tables = ["/proc/net/tcp", "/proc/net/tcp6"]
    /// A table of so many bytes lists about 100,000 sockets.
    private static let largest = 16 << 20

    /// A table that cannot be read has no ports: where there is no `/proc`, only published ports are known.
    func read() -> Set<UInt16> {
        tables.reduce(into: []) { ports, table in
            guard let file = FileHandle(forReadingAtPath: table) else { return }
            defer { file.closeFile() }
            let text = String(decoding: file.readData(ofLength: Self.largest), as: UTF8.self)
            ports.formUnion(Self.parse(text))
        }
    }

    /// `sl local_address rem_address st …`; the port is hexadecimal after the colon, state 0A is listening.
    static func parse(_ table: String) -> Set<UInt16> {
        Set(
            table.split(separator: "\n").dropFirst().compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count > 3, fields[3] == "0A", let port = fields[1].split(separator: ":").last else {
                    return nil
                }
                return UInt16(port, radix: 16)
            })
    }
}
