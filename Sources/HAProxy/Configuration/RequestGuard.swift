/// What is refused before it is judged: requests of which the next hop could make something else than the program, and
/// ways past it. The proxy itself refuses or normalises the rest.
enum RequestGuard {
    static let lines = [
        "acl host_told req.fhdr(host) -m found",
        #"acl host_good req.fhdr(host) -m reg -i '^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$'"#,
        "http-request deny deny_status 400 unless host_good or HTTP_1.0 !host_told",
        // A message framed so is faulty (RFC 9112, 6.1).
        "http-request deny deny_status 400 if HTTP_1.0 { req.fhdr(transfer-encoding) -m found }",
        // Control characters in a header's value would reach the target as they are.
        #"http-request deny deny_status 400 if { req.hdrs -m reg '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]' }"#,
        // A user in the address, which a next hop could take for the host.
        "http-request deny deny_status 400 if { url -m reg '^[a-zA-Z]+://[^/?]*@' }",
        // A tunnel would go past the program, and TRACE repeats what the gateway adds.
        "http-request deny deny_status 405 if { method CONNECT TRACE }",
        // So would HTTP/2 after an upgrade in plain text. Java's client asks for it with its first request, so that it is
        // not refused.
        "acl asks_h2c req.hdr(upgrade) -m beg -i h2c",
        "http-request del-header http2-settings",
        "http-request del-header upgrade if asks_h2c",
        // `connection: x-sandbox` would have the next hop drop what the gateway adds.
        "http-request set-header connection upgrade if { req.hdr(upgrade) -m found }",
        "http-request del-header connection unless { req.hdr(upgrade) -m found }",
    ]
}
