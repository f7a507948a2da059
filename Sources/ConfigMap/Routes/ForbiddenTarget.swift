internal import Glibc
internal import Model
internal import Reconciler

/// Keeps addresses that the author of a sandbox wrote from leading where no sandbox may send requests.
enum ForbiddenTarget {
    static func check(_ target: RouteTarget, for operation: String) throws(HostError) {
        guard let endpoint = target.endpoint, endpoint.isLiteral else { return }
        for address in addresses(of: endpoint.host) {
            guard let refusal = TargetPolicy.refusal(ofAddress: address) else { continue }
            let what = address == endpoint.host ? refusal : "\(endpoint.host) leads to \(refusal)"
            throw HostError(operation, .refused, "\(what), where no sandbox may send requests")
        }
    }

    /// What a name leads to now. The application asks again by itself: a name that nobody knows leads it nowhere.
    private static func addresses(of host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var entry = list
        while let current = entry {
            current.pointee.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                found.append(IPv4(number: UInt32(bigEndian: $0.pointee.sin_addr.s_addr)).description)
            }
            entry = current.pointee.ai_next
        }
        return found
    }
}
