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

  private static func fields(_ layout: (RoleLayouts) -> RoleLayout?) -> [RenderedField] {
    let fields = (try? RoleLayouts(of: release)).flatMap(layout)?.fields ?? []
    return fields.map(RenderedField.init)
  }
}

/// A role field with its member for every value written beforehand: a vCPU's document has some 200 of them.
struct RenderedField: Sendable {
  /// The field.
  let field: RoleField
  private let members: [[UInt8]]

  init(_ field: RoleField) {
    self.field = field
    members = (0...min(field.maximum, 0xff)).map { value in
      var json = JSONWriter()
      json.key(named: field.name)
      switch field.kind {
      case .flag: json.bool(value != 0)
      // The union gives smm 8 bits so that it is a byte of its own; KVM stores only 0 and 1 in it.
      case .number where field.name == "smm": json.bool(value != 0)
      case .number, .union: json.integer(Int(value))
      case .access(let encoding): json.string(encoding.text(value))
      }
      return json.finish()
    }
  }

  /// Writes the member for the field's value in a word.
  func write(_ word: UInt64, to json: inout JSONWriter) {
    json.raw(members[Int(field.value(in: word)) & (members.count - 1)])
  }
}

extension PageRole {
  /// The word and every field.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("value", hex: UInt64(rawValue))
    for field in SimulatedLayouts.pageRole { field.write(UInt64(rawValue), to: &json) }
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
    for field in SimulatedLayouts.extendedRole { field.write(UInt64(ext.rawValue), to: &json) }
    json.endObject()
    json.endObject()
  }
}
