internal import Glibc
internal import Model
internal import Reconciler

/// The words by which a build is started: tools of Debian in front of the command, each an argument of the one before,
/// and no shell anywhere.
struct CommandLine {
    let words: [String]

    /// Niceness of builds, so that they do not starve what runs.
    private static let niceness = "10"
    private static let folder = "/usr/bin"

    /// `environment` is the author's, and set only where the build user already is who it shall be: what a manifest may
    /// say, such as `LD_PRELOAD`, must not reach a program that runs as root.
    init(
        _ command: [String], adding environment: [String: String], in workplace: String, as user: BuildUser,
        marked group: gid_t, within limits: BuildLimits, for operation: String
    ) throws(HostError) {
        var words = ["\(Self.folder)/setsid", "\(Self.folder)/env", "--chdir=\(workplace)"]
        words += ["\(Self.folder)/nice", "-n", Self.niceness]
        words += ["\(Self.folder)/ionice", "-t", "-c", "3"]
        words += ["\(Self.folder)/prlimit", "--core=0", "--data=\(Self.allowed(limits.memoryBytes))"]
        // Counted are all processes of a user: of ours there may be many that are no builds.
        if user.isOther { words.append("--nproc=\(Self.mostProcesses)") }
        words.append("--")
        words += ["\(Self.folder)/setpriv"]
        if user.isOther {
            words += ["--reuid", "\(user.uid)", "--regid", "\(user.gid)"]
            words += Self.isGroup(group) ? ["--groups", "\(group)"] : ["--clear-groups"]
        }
        words += ["--no-new-privs", "--", "\(Self.folder)/env", "--"]
        words += environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        for tool in words where tool.hasPrefix(Self.folder + "/") && access(tool, X_OK) != 0 {
            throw HostError(operation, .refused, "\(tool) is missing on this node; install util-linux and coreutils")
        }
        self.words = words + command
    }

    /// Processes and threads of the build user.
    private static let mostProcesses = 8192

    /// Whether a process here may be in any group at all: in a container its numbers may be few.
    private static func isGroup(_ group: gid_t) -> Bool {
        let map = DurableFile(path: "/proc/self/gid_map").read().map { String(decoding: $0, as: UTF8.self) } ?? ""
        return map.split(separator: "\n").contains { line in
            let numbers = line.split(separator: " ").compactMap { UInt64($0) }
            return numbers.count == 3 && numbers[0] <= group && group < numbers[0] + numbers[2]
        }
    }

    /// A limit can be lowered by everybody and raised by root alone.
    private static func allowed(_ bytes: Int64) -> Int64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0, limit.rlim_max < rlim_t(Int64.max)
        else { return bytes }
        return min(bytes, Int64(limit.rlim_max))
    }

    /// Where `program` is, as the build will find it; `nil` where it is not.
    static func find(_ program: String, path: String, in folder: String) -> String? {
        guard !program.contains("/") else {
            let file = program.hasPrefix("/") ? program : "\(folder)/\(program)"
            return isProgram(file) ? file : nil
        }
        return path.split(separator: ":").map { "\($0)/\(program)" }.first(where: isProgram)
    }

    private static func isProgram(_ file: String) -> Bool {
        var facts = stat()
        return stat(file, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && facts.st_mode & 0o111 != 0
    }
}
