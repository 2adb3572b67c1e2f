import JSON
import KVMModel

/// The role layouts of the kernel that sessions simulate.
enum SimulatedLayouts {
  /// The kernel.
  static let release = KernelRelease.simulated[0]
  static let pageRole = fields { $0.pageRole }
  static let extendedRole = fields { $0.extendedRole }

  private static func fields(_ layout: (RoleLayouts) -> RoleLayout?) -> [RoleField] {
    (try? RoleLayouts(of: release)).flatMap(layout)?.fields ?? []
  }
}

extension PageRole {
  /// The word and every field.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("value", hex: UInt64(rawValue))
      for field in SimulatedLayouts.pageRole { json.member(field, in: UInt64(rawValue)) }
    }
  }
}

extension VCPURole {
  /// The word, the page role below and every field of the extended role above.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("value", hex: rawValue)
      json.key("base")
      base.write(to: &json)
      json.key("ext")
      json.object { json in
        json.member("value", hex: UInt64(ext.rawValue))
        for field in SimulatedLayouts.extendedRole { json.member(field, in: UInt64(ext.rawValue)) }
      }
    }
  }
}

extension JSONWriter {
  /// A field of a role.
  fileprivate mutating func member(_ field: RoleField, in word: UInt64) {
    key(named: field.name)
    switch field.kind {
    case .flag: bool(field.value(in: word) != 0)
    // The union gives smm 8 bits so that it is a byte of its own; KVM stores only 0 and 1 in it.
    case .number where field.name == "smm": bool(field.value(in: word) != 0)
    case .number, .union: integer(Int(field.value(in: word)))
    case .access(let encoding): string(encoding.text(field.value(in: word)))
    }
  }
}
