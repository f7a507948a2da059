internal import Glibc

/// What `/proc` tells of processes and sockets, as far as it lets us read.
enum ProcessTable {
    /// Proxies that were started with this configuration file: the one in charge, and those it replaced that still
    /// serve their last connections.
    static func proxies(of folder: GatewayFolder) -> Set<Int32> {
        Set(processes().filter { isProxy($0, of: folder) })
    }

    /// Whether this process is one of ``proxies(of:)``, without a look at the others.
    static func isProxy(_ pid: Int32, of folder: GatewayFolder) -> Bool {
        let arguments = arguments(of: pid)
        guard let place = arguments.firstIndex(of: folder.configuration), place > 0, arguments[place - 1] == "-f" else {
            return false
        }
        // Others read the file too, such as `tail -f`; an executable of another name shows by the rest of its command.
        return name(of: pid).hasPrefix("haproxy") || arguments[(place + 1)...].starts(with: ["-p", folder.pidFile])
    }

    /// The ports that these processes listen on.
    static func ports(of pids: Set<Int32>) -> Set<UInt16> {
        let inodes = pids.map(descriptors).reduce(into: Set()) { $0.formUnion($1) }
        let sockets = connections(of: "/proc/net/tcp") + connections(of: "/proc/net/tcp6")
        return Set(sockets.filter { $0.isListening && inodes.contains($0.inode) }.map(\.localPort))
    }

    /// The lowest of these ports that something other than `ours` listens on, and who, where that can be read.
    static func foreignListener(among ports: Set<UInt16>, except ours: Set<Int32>) -> (port: UInt16, holder: String)? {
        let known = ours.map(descriptors).reduce(into: Set()) { $0.formUnion($1) }
        let busy = (connections(of: "/proc/net/tcp") + connections(of: "/proc/net/tcp6"))
            .filter { $0.isListening && ports.contains($0.localPort) && !known.contains($0.inode) }
        guard let lowest = busy.min(by: { $0.localPort < $1.localPort }) else { return nil }
        let holder = processes().first { descriptors(of: $0).contains(lowest.inode) }
        return (lowest.localPort, holder.map { "\(name(of: $0)) (process \($0))" } ?? "a process we may not see")
    }

    /// Connections that these processes have open to `address:port`, idle ones included.
    static func connections(of pids: Set<Int32>, to address: String, port: UInt16) -> Int {
        guard !pids.isEmpty, let remote = hexadecimal(address, port) else { return 0 }
        let inodes = Set(connections(of: "/proc/net/tcp").filter { $0.isOpen && $0.remote == remote }.map(\.inode))
        return pids.map { descriptors(of: $0).intersection(inodes).count }.reduce(0, +)
    }

    /// Connections that these processes have with clients: those on a port that `pid` listens on now.
    static func clients(of pids: Set<Int32>, onPortsOf pid: Int32) -> Int {
        guard !pids.isEmpty else { return 0 }
        let all = connections(of: "/proc/net/tcp") + connections(of: "/proc/net/tcp6")
        let own = descriptors(of: pid)
        let ports = Set(all.filter { $0.isListening && own.contains($0.inode) }.map(\.localPort))
        let inodes = Set(all.filter { $0.isOpen && ports.contains($0.localPort) }.map(\.inode))
        return pids.map { descriptors(of: $0).intersection(inodes).count }.reduce(0, +)
    }

    /// The descriptors that this very process has open.
    static func ownDescriptors() -> [Int32] { names(in: "/proc/self/fd").compactMap { Int32($0) } }

    private struct Connection {
        let localPort: UInt16
        let remote: Substring
        let state: Substring
        let inode: String

        var isOpen: Bool { state == "01" }
        var isListening: Bool { state == "0A" }
    }

    private static func connections(of file: String) -> [Connection] {
        contents(of: file).split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, let port = fields[1].split(separator: ":").last.flatMap({ UInt16($0, radix: 16) })
            else { return nil }
            return Connection(localPort: port, remote: fields[2], state: fields[3], inode: String(fields[9]))
        }
    }

    /// As `/proc/net/tcp` writes it: the address in the machine's own byte order.
    private static func hexadecimal(_ address: String, _ port: UInt16) -> Substring? {
        var binary = in_addr()
        guard inet_pton(AF_INET, address, &binary) == 1 else { return nil }
        return "\(padded(String(binary.s_addr, radix: 16), to: 8)):\(padded(String(port, radix: 16), to: 4))"
    }

    private static func padded(_ digits: String, to width: Int) -> String {
        String(repeating: "0", count: max(0, width - digits.count)) + digits.uppercased()
    }

    private static func processes() -> [Int32] { names(in: "/proc").compactMap { Int32($0) } }

    private static func arguments(of pid: Int32) -> [String] {
        contents(of: "/proc/\(pid)/cmdline").split(separator: "\0").map(String.init)
    }

    private static func name(of pid: Int32) -> String {
        String(contents(of: "/proc/\(pid)/comm").prefix { !$0.isNewline })
    }

    /// Inodes of the sockets that a process has open.
    private static func descriptors(of pid: Int32) -> Set<String> {
        let folder = "/proc/\(pid)/fd"
        return Set(
            names(in: folder).compactMap { name in
                var buffer = [UInt8](repeating: 0, count: 64)
                let count = buffer.withUnsafeMutableBytes {
                    readlink("\(folder)/\(name)", $0.baseAddress.unsafelyUnwrapped, $0.count)
                }
                let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
                guard text.hasPrefix("socket:[") else { return nil }
                return String(text.dropFirst(8).dropLast())
            })
    }

    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < Bound.fileBytes {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The names in a folder; none where it cannot be read.
func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
}
