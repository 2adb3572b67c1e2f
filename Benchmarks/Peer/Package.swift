// swift-tools-version: 6.2
import PackageDescription

// A package beside Rolecall's, with a link to the model's sources: Rolecall and what Hummingbird needs both have modules
// called Metrics and CSystem, which one package graph does not allow.
let package = Package(
  name: "rolecall-peer",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1")],
  targets: [
    .target(name: "KVMModel"),
    .executableTarget(
      name: "PeerServer", dependencies: ["KVMModel", .product(name: "Hummingbird", package: "hummingbird")]),
  ]
)
