internal import Glibc
internal import Model

/// Where the files of one gateway are.
struct GatewayFolder: Hashable, Sendable {
    let name: GatewayName
    let path: String

    init(_ name: GatewayName, in directory: String) {
        self.name = name
        path = "\(directory)/\(name)"
    }

    /// The folders in `directory` that a driver has made, in order of name.
    static func all(in directory: String) -> [GatewayFolder] {
        names(in: directory).sorted().compactMap { text in
            do throws(InvalidName) {
                let folder = GatewayFolder(try GatewayName(text), in: directory)
                let marks = [folder.lock, folder.configuration, folder.pidFile]
                return marks.contains { access($0, F_OK) == 0 } ? folder : nil
            } catch {
                return nil
            }
        }
    }

    var configuration: String { "\(path)/haproxy.cfg" }
    /// A configuration that has not proved itself yet.
    var candidate: String { "\(path)/haproxy.cfg.next" }
    var pidFile: String { "\(path)/haproxy.pid" }
    var log: String { "\(path)/haproxy.log" }
    var lock: String { "\(path)/lock" }
    /// Edits of the tables since their files were written.
    var changes: String { "\(path)/changes.log" }
    /// What signs the cookies that name a sandbox.
    var cookieKey: String { "\(path)/cookie.key" }
    /// What went wrong in the program.
    var programLog: String { "\(path)/program.log" }

    func program(_ digest: Digest) -> String { "\(path)/law-\(digest).lua" }

    /// The programs of every configuration that was written here.
    var programs: [String] {
        names(in: path).filter { $0.hasPrefix("law-") && $0.hasSuffix(".lua") }.map { "\(path)/\($0)" }
    }

    /// In the folder where its path is short enough for a unix socket, otherwise in `/tmp` under a hash of it.
    var adminSocket: String {
        let usual = "\(path)/admin.sock"
        guard usual.utf8.count > Bound.socketPathBytes else { return usual }
        return "/tmp/berth-\(Digest(of: path).text)/admin.sock"
    }

    /// Where the driver asks after baselines, beside the admin socket.
    var probeSocket: String { adminSocket.dropLast("admin.sock".count) + "probe.sock" }

    /// The folder in `/tmp`, where one is needed.
    var runtimeFolder: String? {
        adminSocket.hasPrefix("\(path)/") ? nil : String(adminSocket.dropLast("/admin.sock".count))
    }

    func file(of table: Table) -> String { "\(path)/\(table.rawValue).map" }
}

/// One of the proxy's maps.
enum Table: String, CaseIterable, Hashable, Sendable {
    /// `sandbox:service` and `:service` to a target, as ``RouteText`` writes it.
    case routes
    /// The sandboxes that may be selected, each to `1`.
    case sandboxes
    /// A port of the range to its sandbox.
    case ports
    /// A subnet to its sandbox and the address of its bridge, as ``NetworkText`` writes it.
    case networks
    /// `*` or a sandbox to its rules, as ``RuleSet`` names them.
    case scopes
    /// One rule, by the name of its set and its number, as ``RuleText`` writes it.
    case rules
}
