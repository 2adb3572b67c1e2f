// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "rolecall-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "rolecall", path: "..")],
  targets: [
    .executableTarget(
      name: "ModelBenchmark", dependencies: [.product(name: "KVMModel", package: "rolecall")]),
    .executableTarget(
      name: "HistoryBenchmark",
      dependencies: [
        .product(name: "RolecallAPI", package: "rolecall"), .product(name: "HTTPCore", package: "rolecall"),
      ]),
  ]
)
