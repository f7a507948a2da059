internal import Glibc
internal import Model

/// Where the driver keeps what it knows of one gateway.
struct GatewayFolder: Hashable, Sendable {
    let name: GatewayName
    let path: String

    init(_ name: GatewayName, in directory: String) {
        self.name = name
        path = "\(directory)/\(name)"
    }

    /// Those in `directory` that a driver has made, in order of name.
    static func all(in directory: String) -> [GatewayFolder] {
        names(in: directory).compactMap { text in
            do throws(InvalidName) {
                let folder = GatewayFolder(try GatewayName(text), in: directory)
                return access(folder.gateway, F_OK) == 0 ? folder : nil
            } catch {
                return nil
            }
        }
    }

    /// What the manifest asks for.
    var gateway: String { "\(path)/gateway.json" }
    var lock: String { "\(path)/lock" }
    var sandboxFolder: String { "\(path)/sandboxes" }

    func file(of sandbox: SandboxName) -> String { "\(sandboxFolder)/\(sandbox).json" }

    /// Sandboxes that are let in.
    var sandboxes: [SandboxName] {
        names(in: sandboxFolder).compactMap { text in
            guard text.hasSuffix(".json") else { return nil }
            do throws(InvalidName) { return try SandboxName(String(text.dropLast(5))) } catch { return nil }
        }
    }
}
