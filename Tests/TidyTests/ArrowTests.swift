import Testing

/// The architecture (`design.md` §6), written a second time: an arrow that is added to `Package.swift` alone, or an
/// import that goes around it, is seen here.
@Suite("The arrows of the architecture")
struct ArrowTests {
    static let arrows: [String: Set<String>] = [
        "Manifest": ["CLibyaml", "Model"],
        "Model": [".crypto"],
        "Planner": ["Model"],
        "Reconciler": ["Manifest", "Model", "Planner", ".lifecycle", ".logging"],
        "AgentProtocol": ["Model", "Reconciler"],
        "AgentService": ["AgentProtocol", "Model", "Reconciler", ".lifecycle", ".logging"],
        "AgentTransport": [
            "AgentProtocol", "Model", "Reconciler",
            ".asn1", ".certificates", ".crypto", ".grpc", ".grpcProtobuf", ".grpcTransport", ".logging",
            ".nio", ".nioSSL", ".protobuf",
        ],
        "ConfigMap": ["Model", "Reconciler"],
        "Docker": ["Model", "Reconciler", ".httpClient", ".nio", ".nioHTTP1", ".nioPosix"],
        "Git": ["CLibgit2", "Model", "Reconciler", ".subprocess"],
        "HAProxy": ["Model", "Reconciler"],
        "RemoteHost": ["AgentProtocol", "Model", "Reconciler", ".lifecycle", ".logging"],
        "SQLiteJournal": ["AgentProtocol", "Model", "Reconciler", ".grdb"],
        "Workshop": ["Model", "Reconciler", ".logging"],
        "Commands": [
            "AgentProtocol", "AgentService", "AgentTransport", "ConfigMap", "Docker", "Git", "HAProxy", "Manifest",
            "Model", "Planner", "Reconciler", "RemoteHost", "SQLiteJournal", "Workshop",
            ".argumentParser", ".lifecycle", ".logging", ".signals",
        ],
        "berth": ["Commands"],
    ]

    static let adapters: Set<String> = [
        "AgentService", "AgentTransport", "ConfigMap", "Docker", "Git", "HAProxy", "RemoteHost", "SQLiteJournal",
        "Workshop",
    ]

    /// The targets that may import a module that is not ours.
    static let vendors: [(module: String, targets: Set<String>)] = [
        ("ArgumentParser", ["Commands", "berth"]),
        ("AsyncHTTPClient", ["Docker"]),
        ("CLibgit2", ["Git"]),
        ("CLibyaml", ["Manifest"]),
        // Keys of certificates are its types.
        ("Crypto", ["AgentTransport", "Model"]),
        ("GRDB", ["SQLiteJournal"]),
        ("GRPC", ["AgentTransport"]),
        ("Logging", ["AgentService", "AgentTransport", "Commands", "Reconciler", "RemoteHost", "Workshop"]),
        ("NIO", ["AgentTransport", "Docker"]),
        ("ServiceLifecycle", ["AgentService", "Commands", "Reconciler", "RemoteHost"]),
        ("Subprocess", ["Git"]),
        ("SwiftASN1", ["AgentTransport"]),
        ("SwiftProtobuf", ["AgentTransport"]),
        ("UnixSignals", ["Commands"]),
        ("X509", ["AgentTransport"]),
    ]

    /// Modules that come with the compiler. What the pure ring may not have of them is a rule of wording.
    static let toolchain: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "RegexBuilder", "Synchronization",
    ]

    @Test("Package.swift has these arrows and no other")
    func package() throws {
        let text = try SourceFile.text(of: "Package.swift")
        var found: [String: Set<String>] = [:]
        for match in text.matches(of: /library\(\s*"(\w+)",\s*uses:\s*\[([^\]]*)\]/) {
            found[String(match.1)] = Set(
                match.2.matches(of: /"(\w+)"|(\.\w+)/).map { String($0.1 ?? $0.2 ?? "") })
        }
        for match in text.matches(of: /executableTarget\(\s*name:\s*"(\w+)",\s*dependencies:\s*\[([^\]]*)\]/) {
            found[String(match.1)] = Set(match.2.matches(of: /"(\w+)"/).map { String($0.1) })
        }
        // They measure and break, and are part of nothing.
        for tool in ["AgentBench", "FrameFuzz", "GatewayBench"] { found[tool] = nil }
        for target in Set(found.keys).union(Self.arrows.keys).sorted() {
            #expect(found[target] == Self.arrows[target], "the arrows of \(target)")
        }
    }

    @Test("The table itself keeps the laws: inward only, and no adapter knows another")
    func table() {
        let pure = Set(WordingTests.pure)
        for (target, uses) in Self.arrows {
            let ours = uses.intersection(Self.arrows.keys)
            if pure.contains(target) { #expect(ours.isSubset(of: pure), "\(target) is pure") }
            if Self.adapters.contains(target) || target == "Reconciler" {
                #expect(ours.isDisjoint(with: Self.adapters), "\(target) knows an adapter")
                #expect(ours.isDisjoint(with: ["Commands", "berth"]), "\(target) knows the program")
            }
        }
    }

    @Test("Every target of the sources is in the table, and the other way round")
    func folders() throws {
        let targets = Set(try SourceFile.swift().map(\.target))
        #expect(targets == Set(Self.arrows.keys))
    }

    @Test("A vendor's module is imported by its own target, ours along the arrows, and no other at all")
    func imports() throws {
        for file in try SourceFile.swift() {
            for (number, module) in file.imports where !isAllowed(module, in: file.target) {
                let line = file.lines[number - 1]
                if !line.contains("SAFE: ") {
                    Issue.record("\(file.path):\(number): \(file.target) must not import \(module)")
                }
            }
        }
    }

    private func isAllowed(_ module: String, in target: String) -> Bool {
        if Self.toolchain.contains(module) { return true }
        if let vendor = Self.vendors.first(where: {
            $0.module == module || ["GRPC", "NIO"].contains($0.module) && module.hasPrefix($0.module)
        }) {
            return vendor.targets.contains(target)
        }
        return Self.arrows[target]?.contains(module) == true
    }

    @Test(
        "Imports are read in every spelling",
        arguments: [
            ("import Model", "Model"), ("package import Model", "Model"),
            ("@preconcurrency internal import Glibc", "Glibc"), ("import struct Foundation.Date", "Foundation"),
            ("@_spi(Some) import NIOCore", "NIOCore"), ("// import Model", nil), ("let important = 1", nil),
        ] as [(String, String?)])
    func spellings(line: String, module: String?) {
        #expect(SourceFile(path: "Sources/X/Y.swift", lines: [line]).imports.first?.module == module)
    }
}
