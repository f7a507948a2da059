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
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // MARK: Pure: values and decisions
        library("Manifest", uses: ["CLibyaml", "Model"], goldens: ["Golden"]),
        library("Model", uses: [.crypto]),
        library("Planner", uses: ["Model"], goldens: ["Golden"]),

        // MARK: Core: ports, passes, the fleet
        library("Reconciler", uses: ["Manifest", "Model", "Planner", .lifecycle, .logging]),

        // MARK: System libraries
        system("CLibgit2", pkgConfig: "libgit2", package: "libgit2-dev"),
        system("CLibyaml", pkgConfig: "yaml-0.1", package: "libyaml-dev"),

        // MARK: Adapters: one vendor each
        library("ConfigMap", uses: ["Model", "Reconciler"]),
        library("Docker", uses: ["Model", "Reconciler", .httpClient, .nio, .nioHTTP1, .nioPosix]),
        library("Git", uses: ["CLibgit2", "Model", "Reconciler", .subprocess]),
        library("HAProxy", uses: ["Model", "Reconciler"], tests: ["Planner"], goldens: ["Wire/Programs"]),
        library("SQLiteJournal", uses: ["Model", "Reconciler", .grdb]),
        library("Workshop", uses: ["Model", "Reconciler", .logging]),

        // MARK: The program
        library(
            "Commands",
            uses: [
                "ConfigMap", "Docker", "Git", "HAProxy", "Manifest", "Model", "Planner", "Reconciler", "SQLiteJournal",
                "Workshop",
                .argumentParser, .lifecycle, .logging, .signals,
            ], goldens: ["Output/Golden"]),
        [.executableTarget(name: "berth", dependencies: ["Commands"], swiftSettings: .strict)],

        // MARK: Tests of no single target
        [
            .target(
                name: "TestSupport", dependencies: ["Model", "Planner", "Reconciler"],
                path: "Tests/TestSupport", swiftSettings: .strict
            ),
            .testTarget(name: "EndToEndTests", dependencies: ["TestSupport"], swiftSettings: .strict),
            .testTarget(name: "TidyTests", swiftSettings: .strict),
            .executableTarget(
                name: "GatewayBench", dependencies: ["HAProxy", "Model", "Reconciler"], path: "Tests/GatewayBench",
                swiftSettings: .strict
            ),
        ],
    ].flatMap(\.self)
)

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nio = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
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
