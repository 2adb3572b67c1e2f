import Foundation
import KVMModel
import Testing

struct RoleLayoutTests {
  struct Entry: Decodable {
    struct Field: Decodable {
      let name: String?
      let width: Int
      let union: String?
    }
    let id, union, kind, since_confidence: String
    let since, until, branch, note: String?
    let fields: [Field]
  }

  static func fixture() throws -> [Entry] {
    let url = try #require(
      Bundle.module.url(forResource: "role-layouts", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode([Entry].self, from: Data(contentsOf: url))
  }

  @Test func tableIsTheFixture() throws {
    let entries = try Self.fixture()
    #expect(entries.map(\.id) == RoleLayout.all.map(\.id))
    for (entry, layout) in zip(entries, RoleLayout.all) {
      #expect(layout.union.rawValue == entry.union, "\(entry.id)")
      #expect(layout.kind.rawValue == entry.kind, "\(entry.id)")
      #expect(layout.since?.description == entry.since, "\(entry.id)")
      #expect(layout.until?.description == entry.until, "\(entry.id)")
      #expect(layout.confidence.rawValue == entry.since_confidence, "\(entry.id)")
      #expect(layout.branch == entry.branch, "\(entry.id)")
      let note = entry.note?.replacingOccurrences(of: " (facts.json: access_encoding)", with: "")
      #expect(layout.note == note, "\(entry.id)")
      var named: [(field: Entry.Field, shift: Int)] = []
      var holes: [ClosedRange<Int>] = []
      var shift = 0
      for field in entry.fields {
        if field.name == nil {
          holes.append(shift...shift + field.width - 1)
        } else {
          named.append((field, shift))
        }
        shift += field.width
      }
      if shift < layout.union.width { holes.append(shift...layout.union.width - 1) }
      #expect(layout.holes == holes, "\(entry.id)")
      #expect(layout.fields.map(\.name) == named.map(\.field.name), "\(entry.id)")
      #expect(layout.fields.map(\.shift) == named.map(\.shift), "\(entry.id)")
      #expect(layout.fields.map(\.width) == named.map(\.field.width), "\(entry.id)")
      for (field, documented) in zip(layout.fields, named) {
        let whole = documented.field.union.flatMap(RoleLayout.Union.init(rawValue:))
        #expect(whole.map { field.kind == .union($0) } ?? (field.width < 32), "\(entry.id)")
      }
    }
  }

  @Test func fieldsFitTheirUnionWithoutOverlap() {
    for layout in RoleLayout.all {
      var covered: UInt64 = 0
      for field in layout.fields {
        #expect(field.shift + field.width <= layout.union.width, "\(layout.id) \(field.name)")
        #expect(covered & field.mask == 0, "\(layout.id) \(field.name)")
        #expect(field.nameUTF8 == Array(field.name.utf8))
        covered |= field.mask
      }
      #expect(covered == layout.namedBits, "\(layout.id)")
      let holes = layout.holes.reduce(into: UInt64(0)) { bits, hole in
        for bit in hole { bits |= 1 << UInt64(bit) }
      }
      #expect(covered & holes == 0, "\(layout.id)")
      #expect(covered | holes == (layout.union.width == 64 ? .max : UInt64(UInt32.max)), "\(layout.id)")
    }
  }

  @Test func simulatedKernelUsesItsEntries() throws {
    let layouts = try RoleLayouts(of: KernelRelease("6.1"))
    #expect(layouts.pageRole == .pageRole6_1)
    #expect(layouts.extendedRole == .extendedRole6_1)
    #expect(RoleLayout.pageRole6_1.id == "P9" && RoleLayout.extendedRole6_1.id == "E6")
  }

  @Test func accessSpellings() {
    #expect(AccessEncoding.xwu.spellings == ["---", "--x", "w--", "w-x", "-u-", "-ux", "wu-", "wux"])
    #expect(AccessEncoding.rwux.spellings.count == 16)
    for (text, value) in [("----", 0), ("r---", 1), ("-w--", 2), ("--u-", 4), ("---x", 8), ("rwux", 15)]
      as [(String, UInt64)]
    {
      #expect(AccessEncoding.rwux.text(value) == text)
      #expect(AccessEncoding.rwux.value(text) == value)
    }
    #expect(AccessEncoding.xwu.value("rwux") == nil)
    #expect(AccessEncoding.xwu.value("xwu") == nil)
  }
}
