import JSON
import KVMModel

extension ShadowPage {
  /// The keys of the document, in order.
  static let documentKeys = [
    "hpa", "gfn", "role", "root_count", "tdp_mmu", "unsync", "unsync_children", "invalid", "mmu_valid_gen",
    "parents", "present", "entries",
  ]

  /// The document.
  ///
  /// - Parameter format: how the bits of entries are used; `nil` leaves entries out.
  func write(to json: inout JSONWriter, fields: Fields = .all, entries format: SPTEFormat?) {
    json.beginObject()
    if fields.contains("hpa") { json.member("hpa", hex: hpa.rawValue) }
    if fields.contains("gfn") { json.member("gfn", hex: frame.rawValue) }
    if fields.contains("role") {
      json.key("role")
      role.write(to: &json)
    }
    if fields.contains("root_count") { json.member("root_count", rootCount) }
    if fields.contains("tdp_mmu") { json.member("tdp_mmu", isTDPMMU) }
    if fields.contains("unsync") { json.member("unsync", isUnsync) }
    if fields.contains("unsync_children") { json.member("unsync_children", unsyncChildren.count) }
    if fields.contains("invalid") { json.member("invalid", role.invalid) }
    if fields.contains("mmu_valid_gen") { json.member("mmu_valid_gen", Int(validGeneration)) }
    if fields.contains("parents") {
      json.key("parents")
      json.array { json in
        for parent in parents {
          json.object { json in
            json.member("hpa", hex: parent.page.rawValue)
            json.member("index", parent.index)
          }
        }
      }
    }
    if fields.contains("present") { json.member("present", presentEntries) }
    if let format, fields.contains("entries") {
      json.key("entries")
      json.array { json in for entry in self.entries { write(entry, to: &json, format) } }
    }
    json.endObject()
  }

  private func write(_ entry: ShadowEntry, to json: inout JSONWriter, _ format: SPTEFormat) {
    let kind = format.kind(entry.spte, level: role.level)
    json.object { json in
      json.member("index", entry.index)
      json.member("value", hex: entry.spte.rawValue)
      json.member("kind", kind.rawValue)
      json.member("hpa", hex: kind == .page || kind == .table ? entry.spte.target.rawValue : nil)
      json.member("gfn", hex: kind == .table ? nil : format.frame(entry, in: self).rawValue)
      json.member("flags", strings: format.flagNames(entry.spte, level: role.level))
    }
  }
}
