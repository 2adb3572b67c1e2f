/// Where a changed value stands in the VCPU document.
public struct ChangePath: Sendable, Hashable, CustomStringConvertible {
  /// A key of the document, or a place in a list.
  struct Step: Sendable {
    /// Twelve bits and never 0: a name, or a list and the place in it.
    fileprivate let code: UInt64

    static func name(_ name: Name) -> Step { Step(code: UInt64(name.rawValue)) }

    static func element(_ list: List, _ index: UInt8) -> Step {
      Step(code: UInt64(list.rawValue) << 8 | UInt64(index))
    }

    /// A field of a page role or an extended role, by its place in the layout of the simulated kernel.
    static func field(_ union: RoleLayout.Union, _ index: UInt8) -> Step {
      element(union == .pageRole ? .pageRoleFields : .extendedRoleFields, index)
    }
  }

  /// What a path goes through by number.
  enum List: UInt8, Sendable {
    case vcpus = 1
    case previousRoots, smallPageMasks, largePageMasks, pageRoleFields, extendedRoleFields
  }

  /// The keys that a path goes through.
  enum Name: UInt8, Sendable {
    case registers = 1
    case cr0, cr3, cr4, efer, pkru, codeSegmentLong, pagingMode, guestMode, smm, mmu, walkMMU, requests
    case rootMMU, guestMMU, nestedMMU, vcpuRole, mmuRole, value, base, ext, root
    case valid, hpa, pgd, paeRoot, pml4Entry, pml5Entry, pdptrs, pageFault, walkFormat, permissions, pkruMask
    case guestReservedBits, shadowZeroBits, badMemoryTypeXWR

    /// Writes the key in the document and a dot. Each literal stands in a call of its own, which makes a few stores of it.
    fileprivate func write(to text: inout OutputSpan<UInt8>) {
      switch self {
      case .registers: text.append("registers.")
      case .cr0: text.append("cr0.")
      case .cr3: text.append("cr3.")
      case .cr4: text.append("cr4.")
      case .efer: text.append("efer.")
      case .pkru: text.append("pkru.")
      case .codeSegmentLong: text.append("cs_l.")
      case .pagingMode: text.append("paging_mode.")
      case .guestMode: text.append("guest_mode.")
      case .smm: text.append("smm.")
      case .mmu: text.append("mmu.")
      case .walkMMU: text.append("walk_mmu.")
      case .requests: text.append("requests.")
      case .rootMMU: text.append("root_mmu.")
      case .guestMMU: text.append("guest_mmu.")
      case .nestedMMU: text.append("nested_mmu.")
      case .vcpuRole: text.append("vcpu_role.")
      case .mmuRole: text.append("mmu_role.")
      case .value: text.append("value.")
      case .base: text.append("base.")
      case .ext: text.append("ext.")
      case .root: text.append("root.")
      case .valid: text.append("valid.")
      case .hpa: text.append("hpa.")
      case .pgd: text.append("pgd.")
      case .paeRoot: text.append("pae_root.")
      case .pml4Entry: text.append("pml4_root.entry.")
      case .pml5Entry: text.append("pml5_root.entry.")
      case .pdptrs: text.append("pdptrs.")
      case .pageFault: text.append("page_fault.")
      case .walkFormat: text.append("gva_to_gpa.")
      case .permissions: text.append("permissions.")
      case .pkruMask: text.append("pkru_mask.")
      case .guestReservedBits: text.append("guest_rsvd_check.")
      case .shadowZeroBits: text.append("shadow_zero_check.")
      case .badMemoryTypeXWR: text.append("bad_mt_xwr.")
      }
    }
  }

  // Twelve bits for each step, the last lowest. The deepest path, that of a role's field in an MMU of another vCPU, has five.
  private var steps: UInt64 = 0

  /// The steps with dots between, such as `root_mmu.mmu_role.level`.
  public var description: String {
    String(decoding: [UInt8](capacity: Self.maximumLength) { write(to: &$0) }, as: UTF8.self)
  }

  /// No path is longer, in bytes, with a dot behind it.
  public static let maximumLength = 64

  /// Writes ``description``, all of it printable ASCII without quotation marks and backslashes.
  public func write(to text: inout OutputSpan<UInt8>) {
    if steps == 0 { return }
    var place = (63 - steps.leadingZeroBitCount) / 12 * 12
    while place >= 0 {
      Step(code: steps &>> UInt64(place) & 0xfff).write(to: &text)
      place -= 12
    }
    _ = text.removeLast()
  }

  /// The path to something one step further down.
  func then(_ step: Step) -> ChangePath {
    var path = self
    path.steps = steps &<< 12 | step.code
    return path
  }
}

extension ChangePath.Step {
  /// The place in the list.
  private var index: Int { Int(UInt8(truncatingIfNeeded: code)) }

  /// Writes the step and a dot.
  @inline(__always)
  fileprivate func write(to text: inout OutputSpan<UInt8>) {
    guard let list = ChangePath.List(rawValue: UInt8(truncatingIfNeeded: code &>> 8)) else {
      ChangePath.Name(rawValue: UInt8(truncatingIfNeeded: code))?.write(to: &text)
      return
    }
    switch list {
    case .vcpus: text.append("vcpus[")
    case .previousRoots: text.append("prev_roots[")
    case .smallPageMasks: text.append("rsvd_bits_mask[0][")
    case .largePageMasks: text.append("rsvd_bits_mask[1][")
    case .pageRoleFields: return write(RoleLayout.pageRole6_1, to: &text)
    case .extendedRoleFields: return write(RoleLayout.extendedRole6_1, to: &text)
    }
    text.append(decimal: index)
    text.append("].")
  }

  private func write(_ layout: RoleLayout, to text: inout OutputSpan<UInt8>) {
    let name = layout.fields[index].nameUTF8
    text.append(utf8: name.span)
    text.append(".")
  }
}

extension MMUName {
  /// The key of the MMU in the document.
  var key: ChangePath.Name {
    switch self {
    case .root: .rootMMU
    case .guest: .guestMMU
    case .nested: .nestedMMU
    }
  }
}
