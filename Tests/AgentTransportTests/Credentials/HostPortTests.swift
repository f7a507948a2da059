import AgentProtocol
import AgentTransport
import Testing

@Suite("Where a controller listens")
struct HostPortTests {
    @Test(
        "Host and port are read as people write them",
        arguments: [
            ("berth.example:4000", "berth.example", 4000), ("berth.example", "berth.example", 3452),
            ("10.0.0.7:80", "10.0.0.7", 80), (":3452", "", 3452), (":0", "", 0), ("[::1]:3452", "::1", 3452),
            ("[fd00::7]", "fd00::7", 3452), ("localhost:65535", "localhost", 65535),
        ])
    func reads(text: String, host: String, port: Int) throws {
        let address = try HostPort(text)
        #expect(address == HostPort(host: host, port: port))
        #expect(try HostPort(address.description) == address)
    }

    @Test(
        "What is no address is refused with an example",
        arguments: [
            ("", "is no address: write it as controller.example:3452"),
            ("host:", "the port is a number from 0 to 65535"), ("host:x", "the port is a number from 0 to 65535"),
            ("host:65536", "the port is a number from 0 to 65535"), ("host:+80", "the port is a number"),
            ("::1", "an IPv6 address stands in brackets, as in [::1]:3452"),
            ("::1:3452", "an IPv6 address stands in brackets"), ("[::1", "the bracket is not closed"),
            ("[host]:1", "is no address: write it as [::1]:3452"), ("[::1]x", "is no address"),
            ("http://host:1", "an IPv6 address stands in brackets"), ("a b:1", "is no address"),
        ])
    func refuses(text: String, says: String) throws {
        let error = try #require(failure { () throws(LinkError) in _ = try HostPort(text) })
        #expect(error.failure == .refused)
        #expect(error.message.contains(says), "\(error)")
        #expect(error.message.contains("\"\(text)\""), "\(error)")
    }
}
