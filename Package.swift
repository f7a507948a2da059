// swift-tools-version:6.2
import PackageDescription

// Every arrow of the architecture is in this file. Arrows point inward: pure ← Reconciler ← adapters ← program.
// Two adapters never know each other; they meet in Commands. A vendor library is a dependency of one target.
// Within a section, targets and lists are in alphabetical order.

let package = Package(
    name: "berth",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "berth", targets: ["berth"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // MARK: Pure: values and decisions
        library("Manifest", uses: ["CLibyaml", "Model"], goldens: ["Golden"]),
        library("Model", uses: [.crypto]),
        library("Planner", uses: ["Model"], goldens: ["Golden", "Machines/Golden"]),

        // MARK: Core: ports, passes, the fleet
        library("Reconciler", uses: ["Manifest", "Model", "Planner", .lifecycle, .logging]),

        // MARK: The contract of controller and agent
        library("AgentProtocol", uses: ["Model", "Reconciler"]),

        // MARK: System libraries
        system("CLibgit2", pkgConfig: "libgit2", package: "libgit2-dev"),
        system("CLibyaml", pkgConfig: "yaml-0.1", package: "libyaml-dev"),

        // MARK: Adapters: one vendor each
        library("AgentService", uses: ["AgentProtocol", "Model", "Reconciler", .lifecycle, .logging]),
        library(
            "AgentTransport",
            uses: [
                "AgentProtocol", "Model", "Reconciler",
                .asn1, .certificates, .crypto, .grpc, .grpcProtobuf, .grpcTransport, .logging, .nio, .nioSSL, .protobuf,
            ], goldens: ["Mapping/Golden"]),
        library("ConfigMap", uses: ["Model", "Reconciler"]),
        library("Docker", uses: ["Model", "Reconciler", .httpClient, .nio, .nioHTTP1, .nioPosix]),
        library("Git", uses: ["CLibgit2", "Model", "Reconciler", .subprocess]),
        library("HAProxy", uses: ["Model", "Reconciler"], tests: ["Planner"], goldens: ["Wire/Programs"]),
        library(
            "RemoteHost", uses: ["AgentProtocol", "Model", "Reconciler", .lifecycle, .logging],
            tests: ["AgentService", "Planner"]),
        library("SQLiteJournal", uses: ["AgentProtocol", "Model", "Reconciler", .grdb]),
        library("Workshop", uses: ["Model", "Reconciler", .logging]),

        // MARK: The program
        library(
            "Commands",
            uses: [
                "AgentProtocol", "AgentService", "AgentTransport", "ConfigMap", "Docker", "Git", "HAProxy", "Manifest",
                "Model", "Planner", "Reconciler", "RemoteHost", "SQLiteJournal", "Workshop",
                .argumentParser, .lifecycle, .logging, .signals,
            ], goldens: ["Output/Golden"]),
        [.executableTarget(name: "berth", dependencies: ["Commands"], swiftSettings: .strict)],

        // MARK: Tests of no single target
        [
            .target(
                name: "TestSupport", dependencies: ["AgentProtocol", "Model", "Planner", "Reconciler", .logging],
                path: "Tests/TestSupport", swiftSettings: .strict
            ),
            .testTarget(name: "EndToEndTests", dependencies: ["TestSupport"], swiftSettings: .strict),
            .testTarget(name: "TidyTests", swiftSettings: .strict),
            .executableTarget(
                name: "AgentBench",
                dependencies: [
                    "AgentProtocol", "AgentService", "AgentTransport", "Model", "Reconciler", "RemoteHost",
                    "SQLiteJournal", .logging,
                ], path: "Tests/AgentBench", swiftSettings: .strict
            ),
            .executableTarget(
                name: "GatewayBench", dependencies: ["HAProxy", "Model", "Reconciler"], path: "Tests/GatewayBench",
                swiftSettings: .strict
            ),
        ],
    ].flatMap(\.self)
)

// It links only with a sanitizer, so it exists only where it is asked for: `make fuzz`.
if Context.environment["BERTH_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "FrameFuzz", dependencies: ["AgentProtocol", "AgentTransport"], path: "Tests/FrameFuzz",
            swiftSettings: .strict))
}

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let certificates = product(name: "X509", package: "swift-certificates")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let grpc = product(name: "GRPCCore", package: "grpc-swift-2")
    static let grpcProtobuf = product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
    static let grpcTransport = product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport")
    static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nio = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let signals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
}

extension [SwiftSetting] {
    static let strict: Self = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}

/// A library and its tests, always together. Golden texts and programs of other languages are read by path and are no
/// sources.
func library(
    _ name: String, uses dependencies: [Target.Dependency], tests more: [Target.Dependency] = [],
    goldens exclude: [String] = []
) -> [Target] {
    let itself = Target.Dependency(stringLiteral: name)
    return [
        .target(name: name, dependencies: dependencies, swiftSettings: .strict),
        .testTarget(
            name: "\(name)Tests", dependencies: dependencies + more + [itself, "TestSupport"], exclude: exclude,
            swiftSettings: .strict
        ),
    ]
}

/// The module map of a C library that Debian's `package` brings.
func system(_ name: String, pkgConfig: String, package: String) -> [Target] {
    [.systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])]
}
