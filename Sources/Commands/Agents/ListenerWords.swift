internal import AgentProtocol
internal import AgentTransport
internal import Foundation

/// Why nobody listens for agents, for people.
enum ListenerWords {
    /// What the listener says itself where the reason is one that we do not know.
    static func sentence(of error: LinkError, at address: HostPort) -> String {
        guard error.message.hasPrefix("cannot listen for agents"), let reason = reason(at: address) else {
            return error.message
        }
        return "cannot listen for agents at \(address): \(reason); name another with --agents"
    }

    private static func reason(at address: HostPort) -> String? {
        switch refusal(of: address) {
        case EADDRINUSE: "the port is taken"
        case EADDRNOTAVAIL: "that address is not of this machine"
        case EACCES: "ports so low are for root alone"
        default: nil
        }
    }

    /// The system's error when the address is asked for once more: the listener tells either that, or only that it is
    /// not bound, whichever of its tasks is first. `nil` where the address is to be had.
    private static func refusal(of address: HostPort) -> Int32? {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST
        hints.ai_family = address.host.contains(":") ? AF_INET6 : AF_INET
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let host = address.host.isEmpty ? nil : address.host
        guard getaddrinfo(host, "\(address.port)", &hints, &found) == 0, let place = found?.pointee else { return nil }
        defer { freeaddrinfo(found) }
        let descriptor = socket(place.ai_family, place.ai_socktype, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // As the listener does it: what a listener of before left behind does not count.
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        return bind(descriptor, place.ai_addr, place.ai_addrlen) == 0 ? nil : errno
    }
}
