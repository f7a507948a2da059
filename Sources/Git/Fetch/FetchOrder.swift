internal import Model
internal import Reconciler

/// What the fetching process is asked to do. All of it but the folder travels over its standard input, for command
/// lines are public.
struct FetchOrder: Sendable {
    enum Work: Sendable {
        /// Brings all branches and tags into the mirror.
        case fetch(GitLocation, Login)
        /// Answers one line `<commit> <name>` for each branch and tag. Its folder is not used.
        case list(GitLocation, Login)
        /// Writes the files of a commit of the mirror into a folder that is new or empty.
        case checkout(CommitID, into: String)
    }

    /// Bytes of an order: what is written at once into the pipe, which holds 64 KiB. A key is some KiB.
    static let longest = 48 << 10

    let work: Work
    /// The mirror.
    let folder: String

    var operation: String {
        switch work {
        case .fetch(let location, _): "fetch \(location)"
        case .list(let location, _): "list the branches of \(location)"
        case .checkout(let commit, _): "check out \(commit.short)"
        }
    }

    /// Who has to answer.
    var counterpart: String {
        switch work {
        case .fetch(let location, _), .list(let location, _): location.host ?? "the repository"
        case .checkout: "the disk"
        }
    }

    /// `message` without what must not be read.
    func redact(_ message: String) -> String {
        switch work {
        case .fetch(let location, let login), .list(let location, let login):
            login.redact(location.redact(message))
        case .checkout: message
        }
    }
}

// MARK: On the wire

// A field is its name, a space, the count of its bytes, a line feed, its bytes, a line feed; the last is `end`. So the
// reader needs no end of file, which never comes where some other program holds the pipe.
extension FetchOrder {
    private enum Field: String, CaseIterable {
        case verb, url, user, secret, hostKey, pins, firstKey, commit, target
    }

    private enum Verb: String { case fetch, list, checkout }

    static let end = Array("end 0\n\n".utf8)

    /// It holds the secret in the clear: for the pipe and nothing else.
    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ field: Field, _ value: String?) {
            guard let value else { return }
            bytes += Array("\(field.rawValue) \(value.utf8.count)\n\(value)\n".utf8)
        }
        func add(_ verb: Verb, _ location: GitLocation, _ login: Login) {
            add(.verb, verb.rawValue)
            add(.url, location.revealAddress())
            add(.user, login.user)
            add(.secret, login.withSecret(\.self))
            add(.hostKey, login.hostKey)
            add(.pins, login.pins)
            add(.firstKey, login.firstKey.rawValue)
        }
        switch work {
        case .fetch(let location, let login): add(.fetch, location, login)
        case .list(let location, let login): add(.list, location, login)
        case .checkout(let commit, let target):
            add(.verb, Verb.checkout.rawValue)
            add(.commit, commit.text)
            add(.target, target)
        }
        return bytes + Self.end
    }

    /// `nil` for what is no order.
    init?(decoding bytes: [UInt8], folder: String) {
        guard bytes.suffix(Self.end.count).elementsEqual(Self.end),
            let fields = Self.fields(of: bytes.dropLast(Self.end.count)), let verb = fields[.verb].flatMap(Verb.init)
        else { return nil }
        self.folder = folder
        switch verb {
        case .checkout:
            guard let commit = fields[.commit].flatMap(CommitID.init), let target = fields[.target] else { return nil }
            work = .checkout(commit, into: target)
        case .fetch, .list:
            guard let url = fields[.url], let pins = fields[.pins] else { return nil }
            let location: GitLocation
            do throws(SourceError) { location = try GitLocation(url) } catch { return nil }
            let login = Login(
                user: fields[.user], secret: fields[.secret].map { Secret($0) }, hostKey: fields[.hostKey], pins: pins,
                firstKey: fields[.firstKey].flatMap(Login.FirstKey.init) ?? .forgotten)
            work = verb == .fetch ? .fetch(location, login) : .list(location, login)
        }
    }

    private static func fields(of bytes: ArraySlice<UInt8>) -> [Field: String]? {
        let lineFeed = UInt8(ascii: "\n")
        var fields: [Field: String] = [:]
        var rest = bytes
        while let end = rest.firstIndex(of: lineFeed) {
            let head = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
            rest = rest[(end + 1)...]
            guard head.count == 2, let field = Field(rawValue: String(head[0])), let count = Int(head[1]), count >= 0,
                count < rest.count, rest[rest.startIndex + count] == lineFeed
            else { return nil }
            fields[field] = String(decoding: rest.prefix(count), as: UTF8.self)
            rest = rest.dropFirst(count + 1)
        }
        return rest.isEmpty ? fields : nil
    }
}
