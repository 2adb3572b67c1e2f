public import KVMModel

extension DecodedRole {
  /// The role as a table for a terminal, a line for each field, and what another one has otherwise.
  public func table(against other: DecodedRole? = nil) -> String {
    let place = member.map { ", kvm_mmu.\($0)" } ?? ""
    var lines = ["\(role.rawValue) \(hex(value)) in Linux \(release): \(union.rawValue)\(place)"]
    for part in parts {
      lines.append("\(part.part.rawValue) \(hex(part.word)) by layout \(part.layout.id)")
      let width = part.fields.map(\.name.count).max() ?? 0
      for field in part.fields {
        lines.append(
          "  \(padded(bits(field.bits), 7))\(padded(field.name, width + 2))\(padded(field.rendered.text, 7))"
            + field.meaning)
      }
    }
    if unnamedBits != 0 { lines.append("set bits without a name: \(hex(unnamedBits))") }
    lines.append("confidence: \(confidence.rawValue)")
    lines += notes.map { "note: \($0)" }
    if let other {
      lines += ["", "against \(hex(other.value)):"] + RoleDifference(from: self, to: other).lines
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension RoleDifference {
  fileprivate var lines: [String] {
    let width = fields.map(\.from.name.count).max() ?? 0
    var lines = fields.map { field in
      "  \(padded(bits(field.from.bits), 7))\(padded(field.from.name, width + 2))"
        + "\(field.from.rendered.text) -> \(field.to.rendered.text)"
    }
    if unnamedBits != 0 { lines.append("  bits without a name: \(hex(unnamedBits))") }
    return lines.isEmpty ? ["  no difference"] : lines
  }
}

extension RoleFieldValue {
  /// The value as tables and drawings write it.
  var text: String {
    switch self {
    case .flag(let flag): flag ? "1" : "0"
    case .number(let number): String(number)
    case .access(let text): text
    }
  }
}

private func bits(_ range: ClosedRange<Int>) -> String {
  range.count == 1 ? "\(range.lowerBound)" : "\(range.upperBound):\(range.lowerBound)"
}
