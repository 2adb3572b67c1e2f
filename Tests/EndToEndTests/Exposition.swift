import Foundation

/// Metrics as a monitor reads them: a strict reader of the text format 0.0.4 and of OpenMetrics 1.0.
struct Exposition {
  struct Family {
    let name: String
    var help: String?
    var type: String?
    var unit: String?
    /// In order, by name and labels.
    var samples: [(name: String, labels: [String: String], value: Double)] = []
  }

  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  private(set) var families: [Family] = []
  private let isOpenMetrics: Bool

  init(_ text: String, isOpenMetrics: Bool) throws {
    self.isOpenMetrics = isOpenMetrics
    guard text.hasSuffix("\n") else { throw Fault(description: "no line break at the end") }
    var lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    if isOpenMetrics, lines.popLast() != "# EOF" { throw Fault(description: "no # EOF at the end") }
    for line in lines { try read(String(line)) }
    for family in families { try check(family) }
    guard Set(families.map(\.name)).count == families.count else {
      throw Fault(description: "a family stands twice")
    }
  }

  /// The value of a sample, nil if it is not there.
  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    families.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
  }

  private mutating func read(_ line: String) throws {
    if let match = line.wholeMatch(of: /# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)/) {
      let (word, name, rest) = (match.1, String(match.2), String(match.3))
      if families.last?.name != name { families.append(Family(name: name)) }
      var family = families.removeLast()
      guard family.samples.isEmpty else { throw Fault(description: "late: \(line)") }
      switch word {
      case "HELP" where family.help == nil: family.help = rest
      case "TYPE" where family.type == nil: family.type = rest
      case "UNIT" where family.unit == nil && isOpenMetrics && name.hasSuffix("_" + rest): family.unit = rest
      default: throw Fault(description: "unfit: \(line)")
      }
      families.append(family)
      return
    }
    guard let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/),
      let value = Double(match.3.replacing("+Inf", with: "inf")), !families.isEmpty
    else { throw Fault(description: "no sample: \(line)") }
    families[families.count - 1].samples.append((String(match.1), try labels(match.2 ?? ""), value))
  }

  private func labels(_ text: Substring) throws -> [String: String] {
    var (rest, labels) = (text, [String: String]())
    while !rest.isEmpty {
      guard let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)/),
        labels.updateValue(String(match.2), forKey: String(match.1)) == nil
      else { throw Fault(description: "no labels: \(text)") }
      rest = rest[match.range.upperBound...]
    }
    return labels
  }

  private func check(_ family: Family) throws {
    func demand(_ isSo: Bool, _ what: String) throws {
      if !isSo { throw Fault(description: "\(family.name): \(what)") }
    }
    try demand(family.help != nil && family.type != nil, "no HELP or TYPE")
    let keys = family.samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" }
    try demand(Set(keys).count == keys.count, "a sample stands twice")
    switch family.type {
    case "counter":
      let name = isOpenMetrics ? family.name + "_total" : family.name
      try demand(name.hasSuffix("_total") && !family.name.hasSuffix("_total_total"), "a counter's name")
      try demand(family.samples.allSatisfy { $0.name == name && $0.value >= 0 }, "a counter's sample")
    case "gauge": try demand(family.samples.allSatisfy { $0.name == family.name }, "a gauge's sample")
    case "histogram":
      let groups = Dictionary(grouping: family.samples) { $0.labels.filter { $0.key != "le" } }
      for samples in groups.values {
        let buckets = samples.filter { $0.name == family.name + "_bucket" }
        let bounds = buckets.map { Double(($0.labels["le"] ?? "").replacing("+Inf", with: "inf")) ?? .nan }
        try demand(
          zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 } && bounds.last == .infinity, "bounds")
        let counts = buckets.map(\.value)
        try demand(zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 }, "buckets that do not add up")
        try demand(samples.first { $0.name == family.name + "_count" }?.value == counts.last, "the count")
        try demand(samples.contains { $0.name == family.name + "_sum" && $0.value >= 0 }, "the sum")
        try demand(samples.count == buckets.count + 2, "other samples")
      }
    default: try demand(false, "a type unknown here")
    }
  }
}
