@testable import KVMModel
import Testing

@Suite struct PermissionsTests {
  @Test func bytesThatTheKernelComputes() {
    let wp = PageRole(rawValue: 1 << 13).rawValue
    let nx = PageRole(rawValue: 1 << 12).rawValue
    let rows: [(base: UInt32, ext: ExtendedRole, ept: Bool, text: String)] = [
      (wp | nx, [], false, "00330f3f00330f3f55775f7f55775f7f"),
      (wp | nx, [.cr4SMEP, .cr4SMAP], false, "f0f30f3f00330f3ff5f75f7ff5f75f7f"),
      (nx, [], false, "00000f3f00000f3f55555f7f55555f7f"),
      (nx, [.cr4SMEP, .cr4SMAP], false, "f0f00f3f00000f3ff5f55f7ff5f55f7f"),
      (wp, [], false, "00330f3f00330f3f00330f3f00330f3f"),
      (wp, [.cr4SMEP], false, "00330f3f00330f3ff0f30f3ff0f30f3f"),
      (0, [], true, "00330f3f00330f3f55775f7f55775f7f"),
    ]
    for row in rows {
      let role = VCPURole(base: PageRole(rawValue: row.base | 0x704), ext: row.ext.union(.valid))
      #expect(Permissions(role: role, ept: row.ept).text == row.text, "\(row)")
    }
  }

  @Test func protectionKeysApplyOnlyWithPKE() {
    for (base, ext, mask) in [
      (0x2704, [.valid, .cr4PKE], 0xdd00), (0x704, [.valid, .cr4PKE], 0xd500), (0x2704, [.valid], 0),
    ] as [(UInt32, ExtendedRole, UInt32)] {
      #expect(pkruMask(for: VCPURole(base: PageRole(rawValue: base), ext: ext)) == mask)
    }
  }
}
