internal import Glibc
internal import Model
internal import Reconciler

/// The configuration file of an application gateway, as it was read.
struct ConfigFile {
    /// Without symbolic links.
    let path: String
    let config: PHPConfig
    private let mark: FileMark
    /// Who may read and write it, and whose it is.
    let access: DurableFile.Access

    enum Reading {
        case read(ConfigFile)
        /// The folder or the file is not there.
        case missing(HostError)
        /// It is there and no PHP, or we may not read it.
        case broken(HostError)

        func get() throws(HostError) -> ConfigFile {
            switch self {
            case .read(let file): return file
            case .missing(let error), .broken(let error): throw error
            }
        }
    }

    static func read(_ file: String, in folder: String, for operation: String) -> Reading {
        guard let root = resolved(folder) else {
            return .missing(
                HostError(
                    operation, .refused,
                    "the folder \(folder) is not there; check out the gateway's branch there, or correct "
                        + "configFileMap.folder"))
        }
        guard let path = resolved("\(root)/\(file)") else {
            return .missing(
                HostError(
                    operation, .refused,
                    "\(folder)/\(file) is not there; check out a branch that has it, or correct configFileMap.file"))
        }
        guard path.hasPrefix("\(root)/") else {
            return .broken(
                HostError(
                    operation, .refused,
                    "\(folder)/\(file) leads out of its folder, to \(path); only a file of the branch is changed"))
        }
        do throws(HostError) {
            return .read(try ConfigFile(path, operation))
        } catch {
            return .broken(error)
        }
    }

    private init(_ path: String, _ operation: String) throws(HostError) {
        self.path = path
        var entry = stat()
        guard stat(path, &entry) == 0, let mark = FileMark(of: path),
            let bytes = try DurableFile(path: path).read(for: operation)
        else { throw HostError(operation, .stale, "\(path) goes away as it is read") }
        guard entry.st_mode & S_IFMT == S_IFREG else {
            throw HostError(operation, .refused, "\(path) is no file; correct configFileMap.file")
        }
        self.mark = mark
        access = DurableFile.Access(mode: entry.st_mode & 0o7777, user: entry.st_uid, group: entry.st_gid)
        do throws(PHPProblem) {
            config = try PHPConfig(bytes)
        } catch {
            throw HostError(
                operation, .refused,
                "\(path):\(PHPPlace(of: error.offset, in: bytes)): \(error.text); correct it (php -l says more), "
                    + "nothing was written")
        }
    }

    /// Puts other sources in the place of these keys' values and reads them back. Returns `nil`, with nothing done,
    /// where somebody else wrote the file since it was read.
    func replace(_ sources: [String: [UInt8]], for operation: String) throws(HostError) -> ConfigFile? {
        let changed = config.replacing(sources)
        let isWritten = try DurableFile(path: path).write(changed, access: access, for: operation) {
            FileMark(of: path) == mark
        }
        guard isWritten else { return nil }
        let after = try ConfigFile(path, operation)
        for (key, source) in sources where after.config.source(of: key).map(Array.init) != source {
            throw HostError(operation, .stale, "\(path) says something else of \(key) than was just written")
        }
        return after
    }

    /// `path:line:column`
    func place(of offset: Int) -> String { "\(path):\(PHPPlace(of: offset, in: config.bytes))" }
}
