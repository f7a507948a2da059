internal import Dispatch
internal import Glibc
internal import Reconciler
internal import Synchronization

/// Finds the IPv4 addresses of host names, on threads of its own: the resolver of the C library blocks.
///
/// Answers, failures included, are believed for a few seconds.
final class AddressBook: Sendable {
    enum Answer: Hashable, Sendable {
        /// Sorted, never empty.
        case found([String])
        case failed(String)
    }

    private struct Entry {
        let answer: Answer
        let until: ContinuousClock.Instant
    }

    private let queue = DispatchQueue(label: "berth.haproxy.names", attributes: .concurrent)
    private let entries = Mutex<[String: Entry]>([:])

    func look(up host: String) async -> Answer {
        if isIPv4(host) { return .found([host]) }
        if let known = known(host) { return known }
        let answer = await ask(host)
        let until = ContinuousClock.now.advanced(by: .milliseconds(Bound.lookupCacheMillis))
        entries.withLock { entries in
            entries = entries.filter { $0.value.until > .now }
            entries[host] = Entry(answer: answer, until: until)
        }
        return answer
    }

    /// Several names, a few at a time.
    func look(up hosts: Set<String>) async -> [String: Answer] {
        await withTaskGroup { group in
            var waiting = hosts.sorted()[...]
            var answers: [String: Answer] = [:]
            for host in waiting.prefix(Bound.lookupsAtOnce) { group.addTask { (host, await self.look(up: host)) } }
            waiting = waiting.dropFirst(Bound.lookupsAtOnce)
            while let (host, answer) = await group.next() {
                answers[host] = answer
                if let next = waiting.popFirst() { group.addTask { (next, await self.look(up: next)) } }
            }
            return answers
        }
    }

    private func known(_ host: String) -> Answer? {
        entries.withLock { entries in
            guard let entry = entries[host], entry.until > .now else { return nil }
            return entry.answer
        }
    }

    /// A resolver that hangs costs a thread until it gives up, but never the one who asked.
    private func ask(_ host: String) async -> Answer {
        await withCheckedContinuation { continuation in
            let once = Once(continuation)
            queue.async { once.answer(resolve(host)) }
            queue.asyncAfter(deadline: .now() + .milliseconds(Bound.lookupMillis)) {
                once.answer(.failed("the resolver did not answer within \(Bound.lookupMillis) ms"))
            }
        }
    }
}

func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
}

private func resolve(_ host: String) -> AddressBook.Answer {
    var hints = addrinfo()
    hints.ai_family = AF_INET
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    guard status == 0 else { return .failed(String(cString: gai_strerror(status))) }
    defer { freeaddrinfo(list) }
    var addresses: Set<String> = []
    var next = list
    while let entry = next {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        if getnameinfo(entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST) == 0 {
            addresses.insert(text.withUnsafeBufferPointer { String(cString: $0.baseAddress.unsafelyUnwrapped) })
        }
        next = entry.pointee.ai_next
    }
    return addresses.isEmpty ? .failed("it has no IPv4 address") : .found(addresses.sorted())
}
