internal import Glibc
internal import Reconciler

/// A file of edits, one a line, each with its checksum: what a crash cut off in the middle is not an edit.
struct ChangeLog {
    let path: String

    static func line(_ edit: Edit) -> String {
        let text = "\(edit.table.rawValue) \(edit.key)" + (edit.value.map { " \($0)" } ?? "")
        return "\(checksum(text)) \(text)\n"
    }

    var bytes: Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
    }

    /// In the order they were made. A line that is not whole was never said to be done.
    func edits(for operation: String) throws(HostError) -> [Edit] {
        guard let text = try DurableFile(path: path).read(for: operation) else { return [] }
        var edits: [Edit] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let halves = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard halves.count == 2, Self.checksum(halves[1]) == halves[0] else { continue }
            let fields = halves[1].split(separator: " ", maxSplits: 2).map(String.init)
            guard fields.count >= 2, let table = Table(rawValue: fields[0]) else { continue }
            edits.append(Edit(table, fields[1], fields.count == 3 ? fields[2] : nil))
        }
        return edits
    }

    /// Returns when the lines are on disk.
    func append(_ lines: String, for operation: String) throws(HostError) {
        let isNew = access(path, F_OK) != 0
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(operation) }
        defer { close(descriptor) }
        let end = lseek(descriptor, 0, SEEK_END)
        // What a crash cut off is a line of its own.
        let start = isCutOff(end) ? "\n" : ""
        guard DurableFile.fill(descriptor, with: Array((start + lines).utf8)), fdatasync(descriptor) == 0 else {
            let failure = failure(operation)
            // Half a line would hide what is written behind it.
            ftruncate(descriptor, end)
            throw failure
        }
        if isNew { try DurableFile(path: path).syncFolder(for: operation) }
    }

    private func isCutOff(_ end: off_t) -> Bool {
        guard end > 0 else { return false }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var last: UInt8 = 0
        return pread(descriptor, &last, 1, end - 1) != 1 || last != UInt8(ascii: "\n")
    }

    func clear(for operation: String) throws(HostError) {
        guard truncate(path, 0) == 0 || errno == ENOENT else { throw failure(operation) }
    }

    /// 32-bit FNV-1a.
    private static func checksum(_ text: String) -> String {
        String(text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }, radix: 16)
    }

    private func failure(_ operation: String) -> HostError {
        HostError(operation, .refused, "cannot write \(path): \(lastError())")
    }
}
