// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "rolecall",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "rolecall", targets: ["rolecall"]),
    .library(name: "KVMModel", targets: ["KVMModel"]),
    .library(name: "HTTPCore", targets: ["HTTPCore"]),
    .library(name: "JSON", targets: ["JSON"]),
    .library(name: "SessionStore", targets: ["SessionStore"]),
    .library(name: "Labs", targets: ["Labs"]),
    .library(name: "RolecallAPI", targets: ["RolecallAPI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "KVMModel", swiftSettings: strict),
    .target(name: "HTTPCore", swiftSettings: strict),
    .target(name: "Metrics", swiftSettings: strict),
    .target(name: "CSystem"),
    .target(
      name: "HTTPServer",
      dependencies: ["HTTPCore", "Metrics", "CSystem", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .target(name: "JSON", swiftSettings: strict),
    .target(
      name: "SessionStore",
      dependencies: [
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "Labs", dependencies: ["JSON", .product(name: "Yams", package: "Yams")], swiftSettings: strict),
    .target(name: "CAssets", exclude: ["dashboard"]),
    .target(
      name: "RolecallAPI",
      dependencies: [
        "KVMModel", "HTTPCore", "Metrics", "JSON", "Labs", "SessionStore", "CAssets",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "rolecall",
      dependencies: [
        "RolecallAPI", "HTTPServer", "HTTPCore", "Metrics", "JSON", "KVMModel", "Labs", "SessionStore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "KVMModelTests", dependencies: ["KVMModel"], resources: [.copy("Fixtures")],
      swiftSettings: strict),
    .testTarget(
      name: "HTTPCoreTests", dependencies: ["HTTPCore"], resources: [.copy("Fixtures")], swiftSettings: strict
    ),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: strict),
    .testTarget(
      name: "HTTPServerTests",
      dependencies: ["HTTPServer", "HTTPCore", "Metrics", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: strict),
    .testTarget(name: "LabsTests", dependencies: ["Labs", "JSON"], swiftSettings: strict),
    .testTarget(
      name: "SessionStoreTests",
      dependencies: [
        "SessionStore", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RolecallAPITests",
      dependencies: ["RolecallAPI", "SessionStore", "HTTPCore", "Metrics", "JSON", "KVMModel", "Labs"],
      swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),
    .systemLibrary(
      name: "CCurl", path: "Tests/CCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["rolecall", "RolecallAPI", "CCurl"], swiftSettings: strict),
  ],
  cLanguageStandard: .c2x
)
