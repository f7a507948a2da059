import Model
import TestSupport
import Testing

@Suite struct SubnetTests {
    @Test(
        "A network in CIDR form is read and written alike",
        arguments: ["10.210.0.0/16", "10.210.0.16/28", "192.168.255.252/30", "0.0.0.0/8", "255.0.0.0/8"])
    func reads(_ text: String) { #expect(Subnet(text)?.description == text) }

    @Test(
        "What is no network is refused",
        arguments: [
            "", "10.0.0.0", "10.0.0.0/", "/8", "10.0.0/8", "10.0.0.0.0/8", "256.0.0.0/8", "10.0.0.0/7",
            "10.0.0.0/31", "10.0.0.1/28", "10..0.0/8", "10.0.0.0/-8", "a.b.c.d/8", "10.0.0.0/8/8", " 10.0.0.0/8",
            "10.0.0.0/99999999999999999999", "-1.0.0.0/8",
        ])
    func refuses(_ text: String) { #expect(Subnet(text) == nil) }

    @Test(
        "Networks overlap when one holds the other",
        arguments: [
            ("10.0.0.0/8", "10.210.0.0/16", true), ("10.210.0.0/28", "10.210.0.0/28", true),
            ("10.210.0.0/28", "10.210.0.16/28", false), ("10.0.0.0/8", "11.0.0.0/8", false),
            ("10.210.0.0/30", "10.210.0.0/24", true), ("10.210.1.0/24", "10.210.0.0/30", false),
        ])
    func overlaps(_ one: String, _ other: String, _ answer: Bool) throws {
        let one = try #require(Subnet(one))
        let other = try #require(Subnet(other))
        #expect(one.overlaps(other) == answer)
        #expect(other.overlaps(one) == answer)
    }

    @Test(
        "The parts of a network fill it, in order, without an overlap",
        arguments: [(8, 12), (16, 20), (24, 30), (28, 28)])
    func parts(_ prefix: Int, _ part: Int) throws {
        let whole = try #require(Subnet(base: 240 << 24, prefix: prefix))
        let parts = Array(whole.parts(prefix: part))
        #expect(parts.count == 1 << (part - prefix))
        #expect(parts == parts.sorted())
        #expect(parts.allSatisfy { $0.overlaps(whole) && $0.prefix == part })
        #expect(zip(parts, parts.dropFirst()).allSatisfy { !$0.overlaps($1) })
        #expect(parts.first?.base == whole.base)
    }

    @Test("The last network of all has parts, and a network has none larger than itself")
    func ends() throws {
        let last = try #require(Subnet("255.0.0.0/8"))
        #expect(Array(last.parts(prefix: 9)).map(\.description) == ["255.0.0.0/9", "255.128.0.0/9"])
        let small = try #require(Subnet("10.0.0.0/28"))
        #expect(Array(small.parts(prefix: 24)).isEmpty)
    }
}
