internal import CLibgit2
internal import Glibc

enum Libgit2 {
    /// Touch it before the first call of any kind.
    static let isReady: Bool = {
        guard git_libgit2_init() >= 0 else { return false }
        // Root serves repositories that other people own. The owner check protects those who run hooks, filters or
        // commands named in a repository's configuration; here only objects and references are read.
        return berth_git_set_owner_validation(0) >= 0
    }()
}

/// One call that failed. libgit2 keeps its last message per thread, so it is read before anything else is called.
struct LibgitFailure: Error {
    let code: Int32
    let kind: UInt32
    let message: String

    init(code: Int32, kind: UInt32 = 0, message: String) {
        self.code = code
        self.kind = kind
        self.message = message
    }

    fileprivate init(last code: Int32) {
        let last = git_error_last()
        self.code = code
        kind = UInt32(bitPattern: last?.pointee.klass ?? 0)
        message = last?.pointee.message.map { String(cString: $0) } ?? "libgit2 gave code \(code) and no reason"
    }

    func isOne(of codes: git_error_code...) -> Bool { codes.contains { $0.rawValue == code } }
}

extension LibgitFailure {
    /// libgit2 ends its messages with the system's own words.
    var isDiskFull: Bool {
        let full = [ENOSPC, EDQUOT].map { String(cString: strerror($0)) }
        return full.contains { message.contains($0) }
    }

    /// The message, with what it comes to where a person would want to know.
    var explained: String {
        isDiskFull ? "the disk is full: \(message)" : message
    }
}

/// Calls libgit2; what an earlier call or a callback left as the last error is forgotten first.
@discardableResult
func call(_ body: () -> Int32) throws(LibgitFailure) -> Int32 {
    guard Libgit2.isReady else { throw LibgitFailure(code: -1, message: "libgit2 did not start") }
    git_error_clear()
    let code = body()
    guard code < 0 else { return code }
    throw LibgitFailure(last: code)
}

/// An object of libgit2's. It has one owner and is freed when its owner lets go of it.
struct Owned: ~Copyable {
    typealias Free = @convention(c) (OpaquePointer?) -> Void
    let pointer: OpaquePointer
    private let free: Free

    init(freedBy free: @escaping Free, _ open: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws(LibgitFailure) {
        var handle: OpaquePointer?
        try call { open(&handle) }
        guard let handle else { throw LibgitFailure(code: -1, message: "libgit2 gave no object") }
        self.pointer = handle
        self.free = free
    }

    deinit { free(pointer) }
}
