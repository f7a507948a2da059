internal import Glibc
internal import Reconciler

/// Who runs the builds of a node, by its numbers.
struct BuildUser: Hashable, Sendable {
    /// Who builds where nobody was named and we are root: the user that owns nothing.
    static let standard = "nobody"

    let name: String
    let uid: uid_t
    let gid: gid_t
    /// Whether a build must first become this user.
    let isOther: Bool

    static var ourselves: BuildUser {
        BuildUser(name: "\(geteuid())", uid: geteuid(), gid: getegid(), isOther: false)
    }

    /// `name` is a user of this machine; `nil` means ``standard`` for root, and whoever we are for everybody else.
    init(named name: String?, for operation: String) throws(HostError) {
        let us = geteuid()
        guard let name = name ?? (us == 0 ? Self.standard : nil) else {
            self = .ourselves
            return
        }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw HostError(
                operation, .refused,
                "builds run as the user \(name), and this node has none; make it, or name another as the build user")
        }
        guard entry.pw_uid == us || us == 0 else {
            throw HostError(
                operation, .refused,
                "builds run as the user \(name), and only root can start them so; run berth as root or as \(name)")
        }
        self.init(name: name, uid: entry.pw_uid, gid: entry.pw_gid, isOther: entry.pw_uid != us)
    }

    /// Whether it may go through every folder on the way to `path`, so that its build finds its own files.
    func require(wayTo path: String, for operation: String) throws(HostError) {
        guard isOther else { return }
        var folder = path
        while folder != "/" {
            var facts = stat()
            let needed: mode_t =
                stat(folder, &facts) != 0 ? 0 : facts.st_uid == uid ? 0o100 : facts.st_gid == gid ? 0o010 : 0o001
            guard facts.st_mode & needed == needed else {
                throw HostError(
                    operation, .refused,
                    "the build user \(name) may not enter \(folder); let it through (chmod o+x), or keep the data elsewhere"
                )
            }
            folder = folder.parentFolder
        }
    }

    private init(name: String, uid: uid_t, gid: gid_t, isOther: Bool) {
        self.name = name
        self.uid = uid
        self.gid = gid
        self.isOther = isOther
    }
}
