import JSON
import KVMModel

extension ShadowPage {
  /// The keys of the document, in order.
  static let documentKeys = [
    "hpa", "gfn", "role", "root_count", "tdp_mmu", "unsync", "unsync_children", "invalid", "mmu_valid_gen",
    "parents", "present", "entries",
  ]

  /// The document. Every page is a root that nothing was mapped in yet: it has neither parents nor entries, and its
  /// guest table was never written behind its back.
  func write(to json: inout JSONWriter, fields: Fields = .all, withEntries: Bool) {
    json.beginObject()
    if fields.contains("hpa") { json.member("hpa", hex: hpa.rawValue) }
    if fields.contains("gfn") { json.member("gfn", hex: frame.rawValue) }
    if fields.contains("role") {
      json.key("role")
      role.write(to: &json)
    }
    if fields.contains("root_count") { json.member("root_count", rootCount) }
    if fields.contains("tdp_mmu") { json.member("tdp_mmu", isTDPMMU) }
    if fields.contains("unsync") { json.member("unsync", false) }
    if fields.contains("unsync_children") { json.member("unsync_children", 0) }
    if fields.contains("invalid") { json.member("invalid", role.invalid) }
    if fields.contains("mmu_valid_gen") { json.member("mmu_valid_gen", Int(validGeneration)) }
    if fields.contains("parents") {
      json.key("parents")
      json.array { _ in }
    }
    if fields.contains("present") { json.member("present", 0) }
    if withEntries, fields.contains("entries") {
      json.key("entries")
      json.array { _ in }
    }
    json.endObject()
  }
}
