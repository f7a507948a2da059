package import Model

/// What the file of an agent's machine says (`berth agent --config FILE`). Everything in it is optional.
package struct AgentConfiguration: Hashable, Sendable {
    /// Where the controller listens.
    package struct Controller: Hashable, Sendable, CustomStringConvertible {
        /// The port of the platform whose agents these replace.
        package static let standardPort: UInt16 = 3452

        package let host: String
        package let port: UInt16

        package var description: String { "\(host):\(port)" }
    }

    /// A folder of this machine that sources may be read from.
    package struct Folder: Hashable, Sendable {
        package let name: RepositoryName
        /// Absolute, without `..`.
        package let path: String
    }

    /// How much runs at once; `nil` where nobody said.
    package struct Limits: Hashable, Sendable {
        package var containers: Int?
        package var builds: Int?
        package var orders: Int?
    }

    package internal(set) var node: NodeName?
    package internal(set) var controller: Controller?
    /// Absolute path of the folder that the agent keeps its own files in.
    package internal(set) var data: String?
    /// Absolute path of the engine's socket, without `unix://`.
    package internal(set) var engine: String?
    /// Absolute path of the program.
    package internal(set) var haproxy: String?
    /// The only folders of this machine that sources are read from; `nil` where any may be.
    package internal(set) var repositories: [Folder]?
    /// The only ports of this machine that are published; `nil` where any may be.
    package internal(set) var ports: ClosedRange<UInt16>?
    package internal(set) var limits = Limits()
    package internal(set) var allowsHostBuilds = true
}

/// Why a configuration cannot be used: all that is wrong with it, in order of place.
package struct UnusableConfiguration: Error, Hashable, CustomStringConvertible {
    package let problems: [ManifestProblem]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension AgentConfiguration {
    /// Reads a file of one YAML or JSON document; an empty one says nothing. `file` is what problems call it.
    package static func read(_ text: [UInt8], file: String) throws(UnusableConfiguration) -> AgentConfiguration {
        let documents: [DocumentTree]
        do throws(Flaw) {
            documents = try TreeReader.documents(of: text)
        } catch {
            throw UnusableConfiguration(problems: [error.problem(in: file)])
        }
        guard let document = documents.first else { return AgentConfiguration() }
        var reader = Reader(file: file)
        let configuration = shape.read(document.root, &reader)
        if documents.count > 1 {
            reader.report(
                documents[1].root.mark, "limit-documents",
                "an agent has one configuration, and this is a second document; move its keys into the first")
        }
        let problems = documents.flatMap(\.flaws).map { $0.problem(in: file) } + reader.problems
        guard problems.isEmpty, let configuration else {
            throw UnusableConfiguration(problems: problems.sorted { $0.place < $1.place })
        }
        return configuration
    }
}
