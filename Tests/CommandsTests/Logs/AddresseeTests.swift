import Commands
import Model
import Reconciler
import TestSupport
import Testing

@Suite("Whose log, and whose failures")
struct AddresseeTests {
    private static let statuses: [SandboxStatus] = ["qa-login-error", "qa-cron", "pr-17"].map { name in
        SandboxStatus(
            sandbox: Sample.name(name), title: name, phase: .ready, cause: "",
            services: ["account", "payment"].map {
                SandboxStatus.Service(name: Sample.name($0), use: "baseline", health: "-", target: "")
            }, updatedAt: Timestamp(milliseconds: 0))
    }

    @Test("A sandbox, or one service of it, as people write their names")
    func reads() throws {
        let whole = try Addressee("QA-LOGIN-ERROR")
        #expect(whole.sandbox == Sample.name("qa-login-error"))
        #expect(whole.service == nil)
        let one = try Addressee("qa-cron/Account")
        #expect(one.sandbox == Sample.name("qa-cron"))
        #expect(one.service == Sample.name("account"))
        #expect(try one.status(in: Self.statuses).sandbox == Sample.name("qa-cron"))
        for text in ["qa-cron/", "/account", "", "a/b/c"] {
            let error = #expect(throws: Complaint.self) { try Addressee(text) }
            #expect(error?.description == "\"\(text)\" is neither SANDBOX nor SANDBOX/SERVICE")
        }
    }

    @Test("Where the journal forgot what a sandbox waited for, only what its status tells of is its failure")
    func blames() {
        var status = Self.statuses[0]
        let commit = Sample.commit("4")
        status.message = "qa: repository ghost cannot be reached: no such file"
        #expect(!status.blames("main", commit, for: nil))
        status.message = "build of account (main @ \(commit.short)) failed: exit code 2; push a commit that mends it"
        #expect(status.blames("main", commit, for: nil))
        #expect(status.blames("main", commit, for: Sample.name("account")))
        #expect(!status.blames("main", commit, for: Sample.name("payment")))
        #expect(!status.blames("develop", commit, for: nil))
        #expect(!status.blames("main", Sample.commit("5"), for: nil))
    }

    @Test(
        "What there is not is an error that tells what there is, the nearest first",
        arguments: [
            ("qa-corn", "there is no sandbox qa-corn; there are: qa-cron, pr-17, qa-login-error"),
            ("qa-cron/acount", "qa-cron has no service acount; there are: account, payment"),
        ])
    func unknown(text: String, sentence: String) throws {
        let addressee = try Addressee(text)
        let error = #expect(throws: Complaint.self) { try addressee.status(in: Self.statuses) }
        #expect(error?.description == sentence)
    }

    @Test("Of many names only some are told")
    func many() throws {
        let addressee = try Addressee("qa")
        let statuses = (10..<60).map { number in
            SandboxStatus(
                sandbox: Sample.name("pr-\(number)"), title: "", phase: .ready, cause: "",
                updatedAt: Timestamp(milliseconds: 0))
        }
        let error = #expect(throws: Complaint.self) { try addressee.status(in: statuses) }
        #expect(error?.description.hasSuffix(" and 45 more") == true)
        let none = #expect(throws: Complaint.self) { try addressee.status(in: []) }
        #expect(none?.description == "there is no sandbox qa; there is none")
    }

    @Test("The newest of what a service was made of counts, whether it is awaited or used")
    func newest() async throws {
        let journal = MemoryJournal()
        try await journal.append(Self.awaited("a-1", for: "account", at: 1))
        try await journal.append(Self.awaited("w-1", for: "web", at: 1))
        _ = try await journal.begin(Self.pass("qa", at: 2, ["account": "a-2"]))
        _ = try await journal.begin(Self.pass("dev", at: 5, ["account": "a-5"]))
        _ = try await journal.begin(Self.pass("qa", at: 3, [:]))
        try await journal.append(Self.awaited("w-2", for: "web", at: 4))
        let made = try await MadeOf(Sample.name("qa"), in: journal).pieces
        #expect(made.mapValues(\.text) == [Sample.name("account"): "a-2", Sample.name("web"): "w-2"])
        try await journal.append(Self.awaited("a-3", for: "account", at: 6))
        #expect(try await MadeOf(Sample.name("qa"), in: journal).pieces[Sample.name("account")]?.text == "a-3")
        #expect(try await MadeOf(Sample.name("nobody"), in: journal).pieces.isEmpty)
    }

    private static func piece(_ text: String) -> Workpiece.ID {
        guard let id = Workpiece.ID(text) else { preconditionFailure("\(text) is the name of a workpiece") }
        return id
    }

    private static func awaited(_ id: String, for service: String, at time: Int64) -> EventRecord {
        EventRecord(
            at: Timestamp(milliseconds: time), sandbox: Sample.name("qa"), service: Sample.name(service),
            kind: "piece.awaited", message: "", cause: "", piece: piece(id))
    }

    private static func pass(_ sandbox: String, at time: Int64, _ pieces: [String: String]) -> PassRecord {
        PassRecord(
            sandbox: Sample.name(sandbox), revision: Sample.commit("9"), cause: "",
            startedAt: Timestamp(milliseconds: time), plan: "", steps: 1,
            origins: pieces.map { service, id in
                PassRecord.Origin(
                    service: Sample.name(service), repository: Sample.name(service), reference: "main",
                    commit: Sample.commit("4"), piece: piece(id))
            })
    }
}
