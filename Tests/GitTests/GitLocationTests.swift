import Git
import Model
import Reconciler
import Testing

@Suite struct GitLocationTests {
    struct Case: CustomTestStringConvertible {
        let text: String
        let isRemote: Bool
        let shown: String
        var testDescription: String { shown }
    }

    @Test(
        "An address is understood, and its description holds no password",
        arguments: [
            Case(text: "/srv/manifests", isRemote: false, shown: "/srv/manifests"),
            Case(text: "manifests", isRemote: false, shown: "manifests"),
            Case(text: "a:b", isRemote: false, shown: "a:b"),
            Case(text: "./x@y:z", isRemote: false, shown: "./x@y:z"),
            Case(text: "https://github.com/a/b.git", isRemote: true, shown: "https://github.com/a/b.git"),
            Case(text: "https://me:s3cret@h:8443/a", isRemote: true, shown: "https://***@h:8443/a"),
            Case(text: "https://s3cret@h/a", isRemote: true, shown: "https://***@h/a"),
            Case(text: "https://me:s3@cret@h/a", isRemote: true, shown: "https://***@h/a"),
            Case(text: "http://h/a?token=s3cret", isRemote: true, shown: "http://h/a?***"),
            Case(text: "HTTP://h/a@b", isRemote: true, shown: "http://h/a@b"),
            Case(text: "ssh://git@h:22/a", isRemote: true, shown: "ssh://***@h:22/a"),
            Case(text: "git://[::1]:9418/a", isRemote: true, shown: "git://[::1]:9418/a"),
            Case(text: "git://[::1]/a", isRemote: true, shown: "git://[::1]/a"),
            Case(text: "file:///srv/a.git", isRemote: true, shown: "file:///srv/a.git"),
            Case(text: "git@github.com:a/b.git", isRemote: true, shown: "git@github.com:a/b.git"),
        ])
    func parses(_ example: Case) throws {
        let location = try GitLocation(example.text)
        switch location.kind {
        case .local(let path): #expect(!example.isRemote && path == example.text)
        case .remote(let url): #expect(example.isRemote && url.reveal() == example.text)
        }
        #expect("\(location)" == example.shown)
        #expect(!"\(location.kind)".contains("s3cret"))
    }

    @Test(
        "What is no address is refused without being repeated",
        arguments: [
            "", "ftp://me:s3cret@h/a", "https://me:s3/cret@h/a", "https:///a", "s3cret://h/", "https://me:s3#cret@h/a",
        ])
    func refuses(_ text: String) {
        let error = #expect(throws: SourceError.self) { try GitLocation(text) }
        #expect(error?.failure == .refused)
        #expect(!"\(error.map { "\($0)" } ?? "")".contains("s3"))
    }
}
