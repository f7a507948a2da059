import Foundation
import Model
import TestSupport
import Testing

#if canImport(Output)
    import Output
#else
    import Commands
#endif

@Suite("What berth validate says")
struct ProblemReportTests {
    static let report = ProblemReport(OutputSample.problems, files: 5, manifests: 12)

    @Test("Problems in order of place at every width", arguments: OutputSample.displays.map(\.name))
    func text(name: String) throws {
        let display = try #require(OutputSample.displays.first { $0.name == name }).display
        try expectGolden(visible(Self.report.text(in: display)), "problems-\(name)")
    }

    @Test(
        "The summary counts in words",
        arguments: [
            (0, 5, 12, "5 files, 12 manifests: no problems", Int32(0)),
            (0, 1, 1, "1 file, 1 manifest: no problems", 0),
            (1, 1, 1, "1 warning in 1 file", 0),
            (2, 3, 4, "1 error, 1 warning in 3 files", 1),
            (3, 3, 4, "2 errors, 1 warning in 3 files", 1),
        ])
    func summary(problems: Int, files: Int, manifests: Int, expected: String, status: Int32) {
        let report = ProblemReport(
            OutputSample.problems.prefix(problems).map(\.self), files: files, manifests: manifests)
        #expect(report.summary == expected)
        #expect(report.status.rawValue == status)
        #expect(report.text(in: .file).hasSuffix(expected + "\n"))
    }

    @Test("GitHub commands escape what would end a property or a line")
    func github() {
        #expect(
            Self.report.github == """
                ::error file=apps/a%2Cb%3Ac%25.yaml,line=1,col=1::100%25 wrong:%0D%0Asee line 1
                ::error file=apps/web.yaml,line=12,col=5::unknown key "imgae"; did you mean "image"?
                ::warning file=b.yaml,line=2,col=1::template "old" is not used
                2 errors, 1 warning in 5 files

                """)
    }

    @Test("JSON keeps every word of every problem")
    func json() throws {
        let object = try jsonObject(Self.report.json)
        #expect(object["version"] as? Int == 1)
        let problems = try #require(object["problems"] as? [[String: Any]])
        #expect(problems.map { $0["code"] as? String } == ["syntax", "unknown-key", "unused"])
        #expect(problems[0]["message"] as? String == "100% wrong:\r\nsee line 1")
        #expect(problems[1]["line"] as? Int == 12)
    }
}
