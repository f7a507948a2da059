internal import ArgumentParser
internal import Foundation
internal import Git
internal import Model
internal import Planner
internal import Reconciler

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "What a gateway does with one request: which sandbox, which rule, which target, and why.",
        usage: """
            berth explain 'curl …' [--from SANDBOX] [--gateway NAME] [--offline]
            berth explain [METHOD] URL [-H 'name: value'] [-b name=value] [--port PORT]
            """,
        discussion: """
            Of a pasted curl command it is read where the request goes; it is never run. The answer is that of the live \
            table, or with --offline or --revision of the table that the manifests of a commit lead to, for which no \
            engine and no gateway is needed. Exit code 1 where the request or the gateway is not known, 5 where the gateway \
            cannot be looked at.
            """)

    @Argument(help: "A curl command in quotes, or METHOD and URL, or a URL.")
    var request: [String] = []

    @Option(name: [.customShort("H"), .long], help: "A header, 'name: value'; may be given several times.")
    var header: [String] = []

    @Option(name: [.customShort("b"), .long], help: "A cookie, name=value; may be given several times.")
    var cookie: [String] = []

    @Option(help: "The port of the gateway that it comes to, where that is not the URL's.")
    var port: UInt16?

    @Option(help: "Whose call it is: a sandbox, or the IPv4 address that it comes from.")
    var from: String?

    @Option(help: "The gateway that it reaches, where port and host do not say.")
    var gateway: String?

    @Option(help: "A branch, tag or commit, instead of what the gateway has now.")
    var revision: String?

    @Flag(help: "The newest commit of the branch, instead of what the gateway has now.")
    var offline = false

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions

    @Option(name: .shortAndLong, help: "How it is written: text or json.")
    var output = OutputFormat.text

    func run() async throws {
        let asked = try asked()
        let named = try gateway.map { try GatewayName(slugging: $0) }
        let answer = revision == nil && !offline ? try await live(asked, named) : try await planned(asked, named)
        let terminal = Terminal.standard()
        switch output {
        case .text: terminal.write(ExplanationText(answer).text(in: terminal.display))
        case .json: terminal.write(ExplanationJSON(answer).text)
        }
    }

    private func asked() throws -> AskedRequest {
        var asked: AskedRequest
        if let line = request.first, request.count == 1, AskedRequest.isCurl(line) {
            guard header.isEmpty, cookie.isEmpty else {
                throw Complaint("-H and -b go into the curl command, or beside METHOD and URL")
            }
            asked = try AskedRequest(curl: line)
        } else {
            asked = try AskedRequest(words: request, headers: header, cookies: cookie)
        }
        if let port { asked.port = port }
        if let from {
            if IPv4(from) == nil { asked.caller = try SandboxName(slugging: from) } else { asked.source = from }
        }
        return asked
    }

    private func live(_ asked: AskedRequest, _ named: GatewayName?) async throws -> Explanation {
        let look = try await GatewayLook.take(repository, data, node, patience: .zero)
        let choice = try GatewayChoice(for: asked, among: look.desired.gateways, named: named)
        let hint = "ask with --offline for what the manifests lead to"
        guard let observed = look.live[choice.gateway.name] else {
            let reason = look.unseen[choice.gateway.name] ?? "it was not looked at"
            Terminal.complain("Error: gateway \(choice.gateway.name) cannot be looked at: \(reason); \(hint)")
            throw ExitCode(ExitStatus.incomplete.rawValue)
        }
        guard observed.isRunning else {
            throw Complaint("gateway \(choice.gateway.name) does not run; start berth serve, or \(hint)")
        }
        var table = RoutingTable(observed)
        let request = try choice.arriving(asked, at: &table)
        return Explanation(
            of: request, at: choice.gateway, by: table, on: .live, in: look.desired,
            notes: asked.notes + choice.notes)
    }

    private func planned(_ asked: AskedRequest, _ named: GatewayName?) async throws -> Explanation {
        let directory = data.directory
        let scratch = try Scratch()
        let source = try repository.source(mirror: directory.exists ? directory.mirror : scratch.path + "/mirror.git")
        let wanted: Revision = if let revision { try await source.resolve(revision) } else { try await source.head() }
        let desired = try await ManifestLoader(source: source).load(wanted)
        let choice = try GatewayChoice(for: asked, among: desired.gateways, named: named)
        var table = RoutingTable(of: choice.gateway.name, in: desired)
        let request = try choice.arriving(asked, at: &table)
        return Explanation(
            of: request, at: choice.gateway, by: table, on: .manifests(wanted), in: desired,
            notes: asked.notes + choice.notes)
    }
}
