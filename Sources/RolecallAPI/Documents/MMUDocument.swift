import JSON
import KVMModel

extension MMU {
  /// The document of one of a vCPU's MMUs in `machine`.
  func write(to json: inout JSONWriter, _ naming: Naming, in machine: borrowing VirtualMachine) {
    json.beginObject()
    json.key(naming.vcpuRole)
    vcpuRole.write(to: &json)
    json.key(naming.mmuRole)
    mmuRole.write(to: &json)
    json.key("root")
    root.write(to: &json, in: machine)
    json.key("prev_roots")
    json.beginArray()
    for root in previousRoots { root.write(to: &json, in: machine) }
    json.endArray()
    json.key("pae_root")
    if let paeRoot { paeRoot.write(to: &json) } else { json.null() }
    json.key("pml4_root")
    if let pml4Root { pml4Root.write(to: &json) } else { json.null() }
    json.key("pml5_root")
    if let pml5Root { pml5Root.write(to: &json) } else { json.null() }
    json.member("pdptrs", words: pdptrs)
    json.member("page_fault", pageFault?.rawValue)
    json.member("gva_to_gpa", walkFormat?.rawValue)
    permissions.write(to: &json)
    json.member("pkru_mask", hex: UInt64(pkruMask))
    json.key("guest_rsvd_check")
    guestReservedBits.write(to: &json)
    json.key("shadow_zero_check")
    shadowZeroBits.write(to: &json)
    json.endObject()
  }
}

extension Root {
  /// The document of a slot of the root cache.
  func write(to json: inout JSONWriter, in machine: borrowing VirtualMachine) {
    if self == .empty { return json.raw(#"{"valid":false,"hpa":null,"pgd":null,"role":null}"#) }
    json.beginObject()
    json.member("valid", hpa != nil)
    json.member("hpa", hex: hpa?.rawValue)
    json.member("pgd", hex: pgd == invalidPage ? nil : pgd)
    json.key("role")
    if let hpa, let role = machine.roleOfShadowPage(at: hpa) { role.write(to: &json) } else { json.null() }
    json.endObject()
  }
}

extension PAERootTable {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("hpa", hex: hpa.rawValue)
      json.member("entries", words: entries)
    }
  }
}

extension SpecialRoot {
  fileprivate func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("hpa", hex: hpa.rawValue)
      json.member("entry", hex: entry)
    }
  }
}

extension Permissions {
  /// The member `permissions`: 32 hexadecimal digits, byte 0 first.
  func write(to json: inout JSONWriter) {
    json.key("permissions")
    json.hex(bytes: low, high)
  }
}

extension ReservedBits {
  /// The masks as KVM indexes them, [bit 7 of the entry][level - 1], and what EPT forbids besides.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.key("rsvd_bits_mask")
      json.array { json in
        for masks in [smallPage, largePage] {
          json.array { json in for level in 1...5 { json.hex(masks[level]) } }
        }
      }
      json.member("bad_mt_xwr", hex: badMemoryTypeXWR)
    }
  }
}

extension JSONWriter {
  /// A key and four words.
  mutating func member(_ name: StaticString, words: SIMD4<UInt64>) {
    key(name)
    array { json in for index in words.indices { json.hex(words[index]) } }
  }

  /// A key and strings.
  mutating func member(_ name: StaticString, strings: some Sequence<String>) {
    key(name)
    array { json in for string in strings { json.string(string) } }
  }
}
