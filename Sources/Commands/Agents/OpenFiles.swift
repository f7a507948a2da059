internal import Glibc

/// How many files this process may have open: a connection is one.
enum OpenFiles {
    /// Enough for thousands of agents beside everything else.
    private static let wanted: rlim_t = 65_536

    /// Raises the soft limit, usually 1,024, as far as the machine lets us. What it cannot have it goes without: the
    /// agents beyond the limit are refused a connection and try again.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < wanted else {
            return
        }
        limit.rlim_cur = min(limit.rlim_max, wanted)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
