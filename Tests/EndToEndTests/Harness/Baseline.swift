internal import Foundation
internal import Synchronization

/// A shared deployment outside of every sandbox: a server in this process that answers who it is, or what it was sent:
/// `/headers` and `/seen…`.
final class Baseline: Sendable {
    let port: UInt16
    private let who: String
    private let listener: Int32
    private let isOpen = Mutex(true)

    /// `isFar` listens on every address of the machine, so that it is reached as if from elsewhere.
    init(_ who: String, isFar: Bool = false) throws {
        self.who = who
        port = try Places.ports(1).lowerBound
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Wire.withAddress(of: port, isAny: isFar, { bind(listener, $0, $1) }) == 0, listen(listener, 128) == 0
        else {
            throw Trouble("port \(port) cannot be listened on: \(lastError())")
        }
        Thread.detachNewThread { self.accept() }
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func stop() {
        isOpen.withLock { isOpen in
            guard isOpen else { return }
            isOpen = false
            shutdown(listener, Int32(SHUT_RDWR))
            close(listener)
        }
    }

    private func accept() {
        while true {
            let descriptor = Foundation.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            // Programs that are started meanwhile must not keep it open.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            answer(descriptor)
            close(descriptor)
        }
    }

    private func answer(_ descriptor: Int32) {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while head.count < 8192, !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard recv(descriptor, &byte, 1, 0) == 1 else { return }
            head.append(byte)
        }
        let text = text(of: String(decoding: head, as: UTF8.self))
        let reply = Array(
            "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count + 1)\r\nConnection: close\r\n\r\n\(text)\n".utf8)
        send(descriptor, reply, reply.count, Int32(MSG_NOSIGNAL))
    }

    /// The head's lines with bars between them, as the tests' images write them.
    private func text(of head: String) -> String {
        let lines = head.split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count > 1 else { return who }
        if words[1].hasPrefix("/headers") { return lines.dropFirst().map { "\($0)|" }.joined() }
        return words[1].hasPrefix("/seen") ? "\(who) \(words[0]) \(words[1])" : who
    }
}
