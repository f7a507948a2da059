import Foundation
import Git
import Testing

extension FetchCommand {
    private static let variable = "BERTH_TEST_IS_FETCH_CHILD"

    /// This very test program as the fetching process: it runs ``FetchChild`` and nothing else.
    static let itself = itself(home: "/nonexistent")

    /// The same with a home of its own, where keys and known hosts are looked for.
    static func itself(home: String) -> FetchCommand {
        FetchCommand(executable: "/usr/bin/env", arguments: ["HOME=\(home)"] + itsArguments)
    }

    private static let itsArguments = [
        "\(variable)=1", FileManager.default.destination(of: "/proc/self/exe"),
        "--testing-library", "swift-testing", "--filter", "FetchChild",
    ]

    static let isChild = ProcessInfo.processInfo.environment[variable] != nil
}

@Suite struct FetchChild {
    @Test func isTheFetchingProcessWhenAskedToBe() {
        guard FetchCommand.isChild else { return }
        exit(GitFetch.child(mirror: CommandLine.arguments.last ?? ""))
    }
}

extension FileManager {
    fileprivate func destination(of link: String) -> String {
        (try? destinationOfSymbolicLink(atPath: link)) ?? link  // SAFE: then the child cannot start, and says so
    }
}
