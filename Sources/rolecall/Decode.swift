public import ArgumentParser
public import KVMModel

/// `rolecall decode`
struct Decode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a role apart by a kernel's layout, field by field.")

  @Argument(help: "The role: \"0x\" and hexadecimal digits, or decimal digits.", transform: word)
  var value: UInt64
  @Option(help: "The kernel, as 6.1, v5.10.48 or 7.0.14-1-pve.", transform: release)
  var kernel = KernelRelease.simulated[0]
  @Option(help: "Which role it is; by default mmu-role unless the value has more than 32 bits.")
  var union: RoleName?
  @Option(help: "Another role, to show what it has otherwise.", transform: word)
  var against: UInt64?

  func run() throws {
    let isWide = max(value, against ?? 0) > UInt32.max
    let role = union ?? (isWide ? .vcpuRole : .mmuRole)
    do {
      let layouts = try RoleLayouts(of: kernel)
      let decoded = try layouts.decode(value, as: role)
      print(decoded.table)
      if let against {
        let other = try layouts.decode(against, as: role)
        print(RoleDifference(from: decoded, to: other).table(against: against))
      }
    } catch {
      throw ValidationError(error.description)
    }
  }
}

extension RoleName: ExpressibleByArgument {}

private func word(_ text: String) throws -> UInt64 {
  let isHexadecimal = text.lowercased().hasPrefix("0x")
  let digits = isHexadecimal ? text.dropFirst(2) : text[...]
  guard digits.first != "+", let word = UInt64(digits, radix: isHexadecimal ? 16 : 10) else {
    throw ValidationError("\(text) is no number of up to 64 bits.")
  }
  return word
}

private func release(_ text: String) throws -> KernelRelease {
  do {
    return try KernelRelease(text)
  } catch {
    throw ValidationError(error.description)
  }
}

extension DecodedRole {
  /// The role as a table: a line for each field.
  fileprivate var table: String {
    let place = member.map { ", kvm_mmu.\($0)" } ?? ""
    var lines = ["\(role.rawValue) \(hex(value)) in Linux \(release): \(union.rawValue)\(place)"]
    for part in parts {
      lines.append("\(part.part.rawValue) \(hex(part.word)) by layout \(part.layout.id)")
      let width = part.fields.map(\.name.count).max() ?? 0
      for field in part.fields {
        lines.append(
          "  \(padded(bits(field.bits), 6)) \(padded(field.name, width))  \(padded(field.rendered.text, 5)) "
            + field.meaning)
      }
    }
    if unnamedBits != 0 { lines.append("set bits without a name: \(hex(unnamedBits))") }
    lines.append("confidence: \(confidence.rawValue)")
    return (lines + notes.map { "note: \($0)" }).joined(separator: "\n")
  }
}

extension RoleDifference {
  /// The difference as a table.
  fileprivate func table(against other: UInt64) -> String {
    var lines = ["", "against \(hex(other)):"]
    let width = fields.map(\.from.name.count).max() ?? 0
    for field in fields {
      lines.append(
        "  \(padded(bits(field.from.bits), 6)) \(padded(field.from.name, width))  "
          + "\(field.from.rendered.text) -> \(field.to.rendered.text)")
    }
    if unnamedBits != 0 { lines.append("  bits without a name: \(hex(unnamedBits))") }
    if fields.isEmpty && unnamedBits == 0 { lines.append("  no difference") }
    return lines.joined(separator: "\n")
  }
}

extension RoleFieldValue {
  fileprivate var text: String {
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

private func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}
