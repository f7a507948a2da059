internal import Reconciler

/// The proxy's runtime socket: one line of commands a connection, answered in full or not at all.
struct AdminSocket {
    typealias Failure = LocalSocket.Failure

    let path: String

    /// Sends commands in one line and returns their answers, one behind the other, without trailing blank lines.
    ///
    /// Commands are ones we composed of parts that hold no `;`, no `\` and no line feed.
    func ask(_ commands: String...) throws(Failure) -> String { try ask(commands) }

    func ask(_ commands: [String]) throws(Failure) -> String {
        let isPlain = commands.allSatisfy { !$0.contains { $0 == "\n" || $0 == ";" || $0 == "\\" } }
        precondition(isPlain, "commands, unquoted")
        let line = Array("\(commands.joined(separator: ";"))\n".utf8)
        var answer = try LocalSocket(path: path).exchange(line, within: Bound.replyMillis, atMost: Bound.replyBytes + 1)
        guard answer.count <= Bound.replyBytes else {
            throw .broken("its answer is over \(Bound.replyBytes) bytes")
        }
        while answer.last == UInt8(ascii: "\n") { answer.removeLast() }
        return String(decoding: answer, as: UTF8.self)
    }
}
