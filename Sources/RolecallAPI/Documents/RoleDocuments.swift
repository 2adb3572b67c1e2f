import JSON
import KVMModel

/// The role layouts of the kernel that sessions simulate.
enum SimulatedLayouts {
  /// The kernel.
  static let release = KernelRelease.simulated[0]
  /// The fields of a page role.
  static let pageRole = fields { $0.pageRole }
  /// The fields of an extended role.
  static let extendedRole = fields { $0.extendedRole }

  private static func fields(_ layout: (RoleLayouts) -> RoleLayout?) -> [RenderedFields] {
    RenderedFields.groups(of: (try? RoleLayouts(of: release)).flatMap(layout)?.fields ?? [])
  }
}

/// Role fields that lie within eight bits, with their members for every value of those bits written beforehand: a vCPU's
/// document has some 200 of them.
struct RenderedFields: Sendable {
  private let shift: UInt64
  private let mask: UInt64
  /// The members for each value, one after the other.
  private let members: [UInt8]
  /// Where each value's members end in `members`, after a 0.
  private let ends: [Int]

  /// The fields of a layout, which stand in order of their bits, in groups as large as can be.
  static func groups(of fields: [RoleField]) -> [RenderedFields] {
    var groups: [[RoleField]] = []
    for field in fields {
      if let first = groups.last?.first, field.shift + field.width - first.shift <= 8 {
        groups[groups.count - 1].append(field)
      } else {
        groups.append([field])
      }
    }
    return groups.map(RenderedFields.init)
  }

  private init(_ fields: [RoleField]) {
    let shift = fields.first?.shift ?? 0
    self.shift = UInt64(shift)
    let width = min((fields.last.map { $0.shift + $0.width } ?? 0) - shift, 8)
    mask = 1 << UInt64(width) - 1
    var (members, ends): ([UInt8], [Int]) = ([], [0])
    for bits in 0...mask {
      var json = JSONWriter()
      for field in fields { Self.write(field, field.value(in: bits << UInt64(shift)), to: &json) }
      members += json.finish()
      ends.append(members.count)
    }
    (self.members, self.ends) = (members, ends)
  }

  private static func write(_ field: RoleField, _ value: UInt64, to json: inout JSONWriter) {
    json.key(named: field.name)
    switch field.kind {
    case .flag: json.bool(value != 0)
    // The union gives smm 8 bits so that it is a byte of its own; KVM stores only 0 and 1 in it.
    case .number where field.name == "smm": json.bool(value != 0)
    case .number, .union: json.integer(Int(value))
    case .access(let encoding): json.string(encoding.text(value))
    }
  }

  /// Writes the members for the fields' values in a word.
  func write(_ word: UInt64, to json: inout JSONWriter) {
    let value = Int(truncatingIfNeeded: word >> shift & mask)
    json.raw(members.span.extracting(ends[value]..<ends[value + 1]))
  }
}

extension PageRole {
  /// The word and every field.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("value", hex: UInt64(rawValue))
    for fields in SimulatedLayouts.pageRole { fields.write(UInt64(rawValue), to: &json) }
    json.endObject()
  }
}

extension VCPURole {
  /// The word, the page role below and every field of the extended role above.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("value", hex: rawValue)
    json.key("base")
    base.write(to: &json)
    json.key("ext")
    json.beginObject()
    json.member("value", hex: UInt64(ext.rawValue))
    for fields in SimulatedLayouts.extendedRole { fields.write(UInt64(ext.rawValue), to: &json) }
    json.endObject()
    json.endObject()
  }
}
