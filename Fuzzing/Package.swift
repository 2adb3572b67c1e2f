// swift-tools-version: 6.2
import PackageDescription

/// A fuzzer: a program whose `main.swift` says what an input is given to.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: ["FuzzSupport"] + dependencies)
}

func rolecall(_ name: String) -> Target.Dependency { .product(name: name, package: "rolecall") }

let package = Package(
  name: "rolecall-fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "rolecall", path: "..")],
  targets: [
    .target(name: "CLibFuzzer"),
    .target(name: "FuzzSupport", dependencies: ["CLibFuzzer"]),
    .target(
      name: "ServiceHarness",
      dependencies: [
        "FuzzSupport", rolecall("HTTPCore"), rolecall("JSON"), rolecall("KVMModel"), rolecall("RolecallAPI"),
      ]),
    fuzzer("FuzzHTTP", [rolecall("HTTPCore")]),
    fuzzer("FuzzChunked", [rolecall("HTTPCore")]),
    fuzzer("FuzzJSON", [rolecall("JSON")]),
    fuzzer("FuzzOperations", ["ServiceHarness", rolecall("JSON")]),
    fuzzer("FuzzMachine", ["ServiceHarness"]),
    fuzzer("FuzzService", ["ServiceHarness", rolecall("HTTPCore")]),
  ]
)
