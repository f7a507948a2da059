internal import Glibc
internal import Model
internal import Reconciler

/// The file that the running containers of one sandbox see as `/etc/hosts`.
///
/// A container sees the file that had the path when it was started, whatever has the path now. So the file is changed
/// in place, and has a second name, ``kept``, by which it is found again when an editor has put another in its place.
struct HostsFile {
    let sandbox: SandboxName
    /// What is mounted.
    let path: String
    private let folder: String
    private let kept: String
    /// Where a new one is made.
    private let unfinished: String

    init(of sandbox: SandboxName, below root: String) {
        self.sandbox = sandbox
        path = SandboxNames.file(of: sandbox, below: root)
        folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        kept = "\(folder)/.hosts.kept"
        unfinished = "\(folder)/.hosts.new"
    }

    /// `nil` where there is none. One that says anything but names of ours, or that containers do not see, is read as
    /// names without an address, which nobody asks for: so it is seen to differ.
    func read() -> SandboxNames? {
        let file = Status(path)
        guard file != nil || Status(kept) != nil else { return nil }
        let damaged = SandboxNames(sandbox: sandbox, address: "", services: [])
        guard let file, file.isSame(as: Status(kept)), file.isOpenToAll, let bytes = content() else { return damaged }
        return HostsText.read(bytes, of: sandbox) ?? damaged
    }

    /// Whoever reads meanwhile sees the old names or the new ones; see ``HostsText/steps(to:over:)``.
    func write(_ names: SandboxNames, for operation: String) throws(HostError) {
        let text = HostsText.write(names)
        guard text.count <= Bounds.names else {
            throw HostError(
                operation, .refused, "\(names.services.count) names are more than \(Bounds.names >> 10) KiB")
        }
        guard makeFolders() else { throw failure("make \(folder)", for: operation) }
        if Status(kept) == nil, Status(path) != nil, link(path, kept) != 0 {
            throw failure("keep \(path)", for: operation)
        }
        if Status(kept) == nil {
            try make(text, for: operation)
        } else {
            try overwrite(with: text, for: operation)
        }
        if Status(kept)?.isSame(as: Status(path)) != true { try putBack(for: operation) }
    }

    /// What is not there is removed; what is not Berth's stays, and its folder with it.
    func remove(for operation: String) throws(HostError) {
        for file in [unfinished, path, kept] where unlink(file) != 0 && errno != ENOENT && errno != ENOTDIR {
            throw failure("remove \(file)", for: operation)
        }
        guard rmdir(folder) != 0, ![ENOENT, ENOTEMPTY, EEXIST, ENOTDIR].contains(errno) else { return }
        throw failure("remove \(folder)", for: operation)
    }

    /// Whether what is seen at a path is known to be another file than this. What may not be looked at is not known.
    func isOther(than seen: String) -> Bool {
        guard let seen = Status(seen) else { return false }
        return !seen.isSame(as: Status(kept))
    }

    private func make(_ text: [UInt8], for operation: String) throws(HostError) {
        unlink(unfinished)
        let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, Self.mode)
        guard descriptor >= 0 else { throw failure("make \(unfinished)", for: operation) }
        defer { close(descriptor) }
        // The mode by which it was opened is less what umask says.
        guard fchmod(descriptor, Self.mode) == 0, put(text, into: descriptor, at: 0), fsync(descriptor) == 0,
            link(unfinished, kept) == 0
        else { throw failure("make \(unfinished)", for: operation) }
        try putBack(for: operation)
    }

    private func overwrite(with text: [UInt8], for operation: String) throws(HostError) {
        let descriptor = open(kept, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0, let old = Status(descriptor) else { throw failure("write \(kept)", for: operation) }
        defer { close(descriptor) }
        let isWritten = HostsText.steps(to: text, over: min(old.bytes, Bounds.names)).allSatisfy { step in
            put(step.bytes, into: descriptor, at: step.offset)
        }
        guard isWritten, fsync(descriptor) == 0, ftruncate(descriptor, text.count) == 0,
            fchmod(descriptor, Self.mode) == 0
        else { throw failure("write \(kept)", for: operation) }
    }

    /// Gives the file that containers see its name again.
    private func putBack(for operation: String) throws(HostError) {
        unlink(unfinished)
        guard link(kept, unfinished) == 0, rename(unfinished, path) == 0, sync(folder) else {
            throw failure("write \(path)", for: operation)
        }
    }

    private func content() -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // One call, as the containers read it, and one byte more than is ever written.
        var bytes = [UInt8](repeating: 0, count: Bounds.names + 1)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return (0...Bounds.names).contains(count) ? Array(bytes.prefix(count)) : nil
    }

    private func put(_ bytes: [UInt8], into descriptor: Int32, at offset: Int) -> Bool {
        let count = pwrite(descriptor, bytes, bytes.count, offset)
        // A short count is what a full disk gives.
        if count >= 0, count < bytes.count { errno = ENOSPC }
        return count == bytes.count
    }

    private func makeFolders() -> Bool {
        let root = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        return [root, folder].allSatisfy { folder in
            if mkdir(folder, Self.folderMode) == 0 { return chmod(folder, Self.folderMode) == 0 }
            return errno == EEXIST
        }
    }

    private func sync(_ folder: String) -> Bool {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    /// A full disk passes, everything else needs somebody. By `errno`.
    private func failure(_ what: String, for operation: String) -> HostError {
        let code = errno
        let passes = code == ENOSPC || code == EDQUOT
        return HostError(
            operation, passes ? .unreachable : .refused, "cannot \(what): \(String(cString: strerror(code)))")
    }

    /// Containers of any user read it.
    private static let mode: mode_t = 0o644
    private static let folderMode: mode_t = 0o755
}

extension HostsFile {
    private struct Status {
        private let device: UInt
        private let number: UInt
        let bytes: Int
        private let mode: UInt32

        init?(_ path: String) {
            var answer = stat()
            guard lstat(path, &answer) == 0 else { return nil }
            self.init(answer)
        }

        init?(_ descriptor: Int32) {
            var answer = stat()
            guard fstat(descriptor, &answer) == 0 else { return nil }
            self.init(answer)
        }

        private init(_ answer: stat) {
            device = answer.st_dev
            number = answer.st_ino
            bytes = answer.st_size
            mode = answer.st_mode
        }

        /// Whether it is that very file, whatever its names.
        func isSame(as other: Status?) -> Bool { device == other?.device && number == other?.number }

        /// A file, and not a link, that containers of any user can read.
        var isOpenToAll: Bool { mode & 0o170000 == 0o100000 && mode & 0o444 == 0o444 }
    }
}
