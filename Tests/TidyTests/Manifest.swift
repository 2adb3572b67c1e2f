/// What the rules need to know of `Package.swift`, read from its text.
struct Manifest {
  struct Target {
    let kind: String
    let name: String
    let line: Int
    /// Targets and products, without the packages' names.
    let dependencies: Set<String>
  }

  struct Package {
    /// The last part of the URL.
    let name: String
    let line: Int
  }

  private(set) var targets: [Target] = []
  private(set) var packages: [Package] = []

  init(_ text: String) {
    func line(_ index: String.Index) -> Int { text[..<index].count { $0 == "\n" } + 1 }

    for match in text.matches(of: /\.package\(url:\s*"([^"]+)"/) {
      let name = match.1.split(separator: "/").last ?? ""
      packages.append(
        Package(name: String(name.replacing(/\.git$/, with: "")), line: line(match.range.lowerBound)))
    }
    for match in text.matches(of: /\.(target|executableTarget|testTarget)\(\s*name:\s*"(\w+)"/) {
      let rest = text[match.range.upperBound...]
      let list = rest.prefixMatch(of: /\s*,\s*dependencies:\s*\[([^\]]*)\]/)?.1 ?? ""
      let products = list.matches(of: /\.product\(\s*name:\s*"(\w+)"/).map { String($0.1) }
      let names = list.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"(\w+)"/).map { String($0.1) }
      targets.append(
        Target(
          kind: String(match.1), name: String(match.2), line: line(match.range.lowerBound),
          dependencies: Set(products + names)))
    }
  }
}
