internal import ArgumentParser
internal import Model

struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Where the requests of a sandbox go now, service by service and rule by rule, and why.",
        discussion: """
            For every sandbox, and for the requests of none: the ways in, the services and what answers for them, the \
            rules in the order in which they are asked, how baselines do, and the last flip of each route. Exit code 5 \
            where a gateway could not be looked at.
            """)

    @Argument(help: "Only this sandbox, with all its ways in and the services that it does not list.")
    var sandbox: String?

    @OptionGroup var repository: RepositoryOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions

    @Option(name: .shortAndLong, help: "How they are written: text or json.")
    var output = OutputFormat.text

    func run() async throws {
        let only = try sandbox.map { try SandboxName(slugging: $0) }
        let look = try await GatewayLook.take(repository, data, node, patience: .seconds(3))
        let picture = RoutesPicture(
            RoutesPicture.Sources(
                desired: look.desired, live: look.live, unseen: look.unseen,
                flips: try await RoutesPicture.Flip.newest(in: data.directory), labelled: look.labelled,
                hosts: look.hosts),
            only: only)
        if let only, !picture.known.contains(only) {
            throw Complaint(
                "there is no sandbox \(only)" + Addressee.known(picture.known.map(\.text), near: only.text))
        }
        let terminal = Terminal.standard()
        switch output {
        case .text: terminal.write(RoutesText(picture, only: only, zone: .local).text(in: terminal.display))
        case .json: terminal.write(RoutesJSON(picture).text)
        }
        let shown = only.map { name in [look.desired.sandboxes[name]?.gateway].compactMap(\.self) }
        try look.finish(asking: shown ?? Array(look.desired.gateways.keys))
    }
}
