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

  private static func fields(_ layout: (RoleLayouts) -> RoleLayout?) -> RenderedFields {
    RenderedFields((try? RoleLayouts(of: release)).flatMap(layout)?.fields ?? [])
  }
}

/// The members for a role's fields, written beforehand for every value of groups of fields that lie within eight bits: a
/// vCPU's document has some 200 of them.
struct RenderedFields: Sendable {
  /// Fields that stand together.
  private struct Group {
    let shift: UInt64
    let mask: UInt64
    /// Where the places of its values begin in `ends`.
    let start: Int
  }

  private var groups: [Group] = []
  /// The members for each value of each group, one after the other.
  private var members: [UInt8] = []
  /// Where the members of a group's values end in `members`, after where the first of them begin.
  private var ends: [Int] = []

  /// The fields of a layout, which stand in order of their bits, in groups as large as can be.
  init(_ fields: [RoleField]) {
    var group: [RoleField] = []
    for field in fields {
      if let first = group.first, field.shift + field.width - first.shift > 8 {
        add(group)
        group = []
      }
      group.append(field)
    }
    add(group)
  }

  private mutating func add(_ fields: [RoleField]) {
    guard let first = fields.first, let last = fields.last else { return }
    let width = min(last.shift + last.width - first.shift, 8)
    let group = Group(shift: UInt64(first.shift), mask: 1 << UInt64(width) - 1, start: ends.count)
    groups.append(group)
    ends.append(members.count)
    for bits in 0...group.mask {
      var json = JSONWriter()
      for field in fields { Self.write(field, field.value(in: bits << group.shift), to: &json) }
      members += json.finish()
      ends.append(members.count)
    }
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
    for index in groups.indices {
      let group = groups[index]
      let place = group.start + Int(truncatingIfNeeded: word >> group.shift & group.mask)
      json.raw(members.span.extracting(ends[place]..<ends[place + 1]))
    }
  }
}

extension PageRole {
  /// The word and every field.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("value", hex: UInt64(rawValue))
    SimulatedLayouts.pageRole.write(UInt64(rawValue), to: &json)
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
    SimulatedLayouts.extendedRole.write(UInt64(ext.rawValue), to: &json)
    json.endObject()
    json.endObject()
  }
}
