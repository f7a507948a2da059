import AgentProtocol
import Model
import Testing

@Suite("Releases that work together")
struct ReleaseTests {
    @Test(
        "One release apart is understood, and no more",
        arguments: [
            (Release(0, 1), Release(0, 1), nil),
            (Release(0, 1), Release(0, 2), nil),
            (Release(0, 2), Release(0, 1), nil),
            (Release(0, 1), Release(0, 3), "upgrade this side"),
            (Release(0, 3), Release(0, 1), "upgrade the agent"),
            (Release(0, 1), Release(1, 1), "upgrade this side"),
            (Release(2, 0), Release(1, 9), "upgrade the agent"),
        ] as [(Release, Release, String?)])
    func skew(ours: Release, theirs: Release, remedy: String?) {
        let objection = ours.objection(to: theirs, called: "agent")
        guard let remedy else {
            #expect(objection == nil)
            return
        }
        #expect(objection?.hasSuffix(remedy) == true, "\(objection ?? "no objection")")
        #expect(objection?.hasPrefix("the agent is of release \(theirs) and this side of \(ours);") == true)
    }

    @Test("Both sides object, or neither does")
    func symmetry() {
        let releases = (0..<3).flatMap { major in (0..<5).map { Release(major, $0) } }
        for one in releases {
            for other in releases {
                let (here, there) = (one.objection(to: other, called: "x"), other.objection(to: one, called: "x"))
                #expect((here == nil) == (there == nil), "\(one) and \(other)")
            }
        }
    }

    @Test("Releases are told and compared by major and minor")
    func order() {
        #expect("\(Release(0, 12))" == "0.12")
        #expect(
            [Release(1, 0), Release(0, 10), Release(0, 9)].sorted() == [Release(0, 9), Release(0, 10), Release(1, 0)])
    }
}
