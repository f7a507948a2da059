import Foundation
import Git
import Model
import Reconciler
import Testing

/// A secret is used, and everything anybody else could read meanwhile and afterwards is searched for it.
@Suite struct CanaryTests {
    private static let canary = "can@ry/\(UUID().uuidString)"

    /// The forms that a password takes on its way.
    private static let forms = [
        canary, canary.replacing("@", with: "%40").replacing("/", with: "%2F"),
        Data("\(WebServer.user):\(canary)".utf8).base64EncodedString(),
    ]

    @Test func aPasswordIsNowhereWhileItIsUsedAndAfterwards() async throws {
        try await Scratch.with { scratch in
            try scratch.repository()
            let web = try WebServer(serving: scratch, password: Self.canary)
            defer { web.stop() }
            let silent = try SilentServer()
            let host = scratch.codeHost()
            let hasty = scratch.codeHost(deadlines: .init(list: .seconds(1), fetch: .seconds(1), checkout: .seconds(1)))
            let user = WebServer.user, canary = Secret(Self.canary)
            let good = try scratch.remote(web.url(), user: user)
            let gone = try scratch.remote(web.url("no.git"), user: user)
            let slow = try scratch.remote("http://127.0.0.1:\(silent.port)/a.git", user: user)
            let bad = try scratch.remote(web.url(), user: Self.canary)
            let stranger = FetchCommand(
                executable: "/bin/sh", arguments: ["-c", "cat; cat /proc/$$/environ /proc/$$/cmdline; exit 83"])

            let (errors, seen) = await withTaskGroup(of: Void.self) { group in
                let sight = Sight(Self.forms)
                group.addTask { await sight.look() }
                var errors: [SourceError?] = []
                for _ in 0..<3 {
                    errors.append(await failure { _ = try await host.references(of: good, credential: canary) })
                    errors.append(
                        await failure { try await host.fetch(good, credential: canary, into: scratch.mirror) })
                }
                #expect(errors.allSatisfy { $0 == nil })
                for repository in [gone, bad] {
                    errors.append(await failure { _ = try await host.references(of: repository, credential: canary) })
                    errors.append(
                        await failure {
                            try await host.fetch(repository, credential: canary, into: scratch["data/other.git"])
                        })
                }
                errors.append(await failure { _ = try await hasty.references(of: slow, credential: canary) })
                errors.append(
                    await failure {
                        _ = try await scratch.codeHost(fetch: stranger).references(of: good, credential: canary)
                    })
                group.cancelAll()
                return (errors.compactMap(\.self), await sight.findings)
            }
            #expect(seen.looks > 5 && seen.children > 0, "nothing was seen: \(seen)")
            #expect(seen.found.isEmpty)
            #expect(errors.count == 6)
            for error in errors { #expect(!Self.forms.contains { "\(error)".contains($0) }, "\(error.failure)") }
            #expect(errors.last?.message.contains("secret") == true, "the stranger repeats what it was told")

            let files = FileManager.default.enumerator(atPath: scratch["data"])?.compactMap { $0 as? String } ?? []
            #expect(files.contains("code.git/HEAD"))
            for file in files {
                guard let data = FileManager.default.contents(atPath: scratch["data/\(file)"]) else { continue }
                for form in Self.forms { #expect(data.range(of: Data(form.utf8)) == nil, "\(file)") }
            }
        }
    }
}

/// Looks at every process of the machine again and again.
private actor Sight {
    struct Findings: Sendable {
        var looks = 0
        /// Fetching processes that were met.
        var children = 0
        var found: [String] = []
    }

    private let forms: [Data]
    private(set) var findings = Findings()

    init(_ forms: [String]) { self.forms = forms.map { Data($0.utf8) } }

    func look() async {
        while !Task.isCancelled {
            findings.looks += 1
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // SAFE: it is there
            for name in names where Int(name) != nil {
                for file in ["cmdline", "environ"] { look(at: "/proc/\(name)/\(file)") }
            }
            await Task.yield()
        }
    }

    private func look(at path: String) {
        let data = FileManager.default.contents(atPath: path) ?? Data()
        if path.hasSuffix("cmdline"), data.range(of: Data("FetchChild".utf8)) != nil { findings.children += 1 }
        // A web server hands the login of a request to its own child: that is the other side, and not ours.
        let isOther = data.range(of: Data("GATEWAY_INTERFACE=".utf8)) != nil
        if !isOther, forms.contains(where: { data.range(of: $0) != nil }) { findings.found.append(path) }
    }
}
