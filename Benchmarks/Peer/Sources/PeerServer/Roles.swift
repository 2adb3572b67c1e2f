import KVMModel

/// A value that is written as null where there is none; synthesised code would leave the key out.
@propertyWrapper
struct OrNull<Value: Encodable & Sendable>: Encodable, Sendable {
  var wrappedValue: Value?

  init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

/// `0x` and lower-case digits, as documents write words.
func hex(_ word: some BinaryInteger) -> String { "0x" + String(UInt64(word), radix: 16) }

/// A page role: the word and every field.
struct PageRoleDocument: Encodable {
  var value: String
  var level: Int
  var has4ByteGPTE: Bool
  var quadrant: Int
  var direct: Bool
  var access: String
  var invalid: Bool
  var eferNX: Bool
  var cr0WP: Bool
  var smepAndNotWP: Bool
  var smapAndNotWP: Bool
  var adDisabled: Bool
  var guestMode: Bool
  var passthrough: Bool
  var smm: Bool

  enum CodingKeys: String, CodingKey {
    case value, level, quadrant, direct, access, invalid, passthrough, smm
    case has4ByteGPTE = "has_4_byte_gpte"
    case eferNX = "efer_nx"
    case cr0WP = "cr0_wp"
    case smepAndNotWP = "smep_andnot_wp"
    case smapAndNotWP = "smap_andnot_wp"
    case adDisabled = "ad_disabled"
    case guestMode = "guest_mode"
  }

  init(_ role: PageRole) {
    value = hex(role.rawValue)
    level = role.level
    has4ByteGPTE = role.has4ByteGPTE
    quadrant = role.quadrant
    direct = role.direct
    access = AccessEncoding.xwu.text(UInt64(role.access.rawValue))
    invalid = role.invalid
    eferNX = role.eferNX
    cr0WP = role.cr0WP
    smepAndNotWP = role.smepAndNotWP
    smapAndNotWP = role.smapAndNotWP
    adDisabled = role.adDisabled
    guestMode = role.guestMode
    passthrough = role.passthrough
    smm = role.smm
  }
}

/// A vCPU's role: the word, the page role and the extended role.
struct VCPURoleDocument: Encodable {
  var value: String
  var base: PageRoleDocument
  var ext: ExtendedRoleDocument

  init(_ role: VCPURole) {
    value = hex(role.rawValue)
    base = PageRoleDocument(role.base)
    ext = ExtendedRoleDocument(role.ext)
  }
}

/// An extended role: the word and every field.
struct ExtendedRoleDocument: Encodable {
  var value: String
  var valid: Bool
  var executeOnly: Bool
  var cr4PSE: Bool
  var cr4PKE: Bool
  var cr4SMAP: Bool
  var cr4SMEP: Bool
  var cr4LA57: Bool
  var eferLMA: Bool

  enum CodingKeys: String, CodingKey {
    case value, valid
    case executeOnly = "execonly"
    case cr4PSE = "cr4_pse"
    case cr4PKE = "cr4_pke"
    case cr4SMAP = "cr4_smap"
    case cr4SMEP = "cr4_smep"
    case cr4LA57 = "cr4_la57"
    case eferLMA = "efer_lma"
  }

  init(_ role: ExtendedRole) {
    value = hex(role.rawValue)
    valid = role.contains(.valid)
    executeOnly = role.contains(.executeOnly)
    cr4PSE = role.contains(.cr4PSE)
    cr4PKE = role.contains(.cr4PKE)
    cr4SMAP = role.contains(.cr4SMAP)
    cr4SMEP = role.contains(.cr4SMEP)
    cr4LA57 = role.contains(.cr4LA57)
    eferLMA = role.contains(.eferLMA)
  }
}
