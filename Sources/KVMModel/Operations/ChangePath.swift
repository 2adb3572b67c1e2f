/// Where a changed value stands in the VCPU document.
public struct ChangePath: Sendable, Hashable, CustomStringConvertible {
  /// A key of the document, or a place in a list.
  enum Step: Sendable, Hashable {
    case name(Name)
    /// A key, and a place in the list behind it.
    case element(Name, UInt8)
    /// A field of a page role or an extended role, by its place in the layout of the simulated kernel.
    case field(RoleLayout.Union, UInt8)
  }

  /// The keys that a path goes through.
  enum Name: Sendable {
    case vcpus, registers, cr0, cr3, cr4, efer, pkru, codeSegmentLong, pagingMode, guestMode, smm, mmu,
      walkMMU
    case requests, rootMMU, guestMMU, nestedMMU, vcpuRole, mmuRole, value, base, ext, root, previousRoots
    case valid, hpa, pgd, paeRoot, pml4Entry, pml5Entry, pdptrs, pageFault, walkFormat, permissions, pkruMask
    case guestReservedBits, shadowZeroBits, smallPageMasks, largePageMasks, badMemoryTypeXWR

    /// Writes the key in the document. Each literal stands in a call of its own, which makes a few stores of it.
    fileprivate func write(to text: inout OutputSpan<UInt8>) {
      switch self {
      case .vcpus: text.append("vcpus")
      case .registers: text.append("registers")
      case .cr0: text.append("cr0")
      case .cr3: text.append("cr3")
      case .cr4: text.append("cr4")
      case .efer: text.append("efer")
      case .pkru: text.append("pkru")
      case .codeSegmentLong: text.append("cs_l")
      case .pagingMode: text.append("paging_mode")
      case .guestMode: text.append("guest_mode")
      case .smm: text.append("smm")
      case .mmu: text.append("mmu")
      case .walkMMU: text.append("walk_mmu")
      case .requests: text.append("requests")
      case .rootMMU: text.append("root_mmu")
      case .guestMMU: text.append("guest_mmu")
      case .nestedMMU: text.append("nested_mmu")
      case .vcpuRole: text.append("vcpu_role")
      case .mmuRole: text.append("mmu_role")
      case .value: text.append("value")
      case .base: text.append("base")
      case .ext: text.append("ext")
      case .root: text.append("root")
      case .previousRoots: text.append("prev_roots")
      case .valid: text.append("valid")
      case .hpa: text.append("hpa")
      case .pgd: text.append("pgd")
      case .paeRoot: text.append("pae_root")
      case .pml4Entry: text.append("pml4_root.entry")
      case .pml5Entry: text.append("pml5_root.entry")
      case .pdptrs: text.append("pdptrs")
      case .pageFault: text.append("page_fault")
      case .walkFormat: text.append("gva_to_gpa")
      case .permissions: text.append("permissions")
      case .pkruMask: text.append("pkru_mask")
      case .guestReservedBits: text.append("guest_rsvd_check")
      case .shadowZeroBits: text.append("shadow_zero_check")
      case .smallPageMasks: text.append("rsvd_bits_mask[0]")
      case .largePageMasks: text.append("rsvd_bits_mask[1]")
      case .badMemoryTypeXWR: text.append("bad_mt_xwr")
      }
    }
  }

  // The deepest path is that of a role's field in an MMU of another vCPU.
  private var first: Step?
  private var second: Step?
  private var third: Step?
  private var fourth: Step?
  private var fifth: Step?

  /// The steps with dots between, such as `root_mmu.mmu_role.level`.
  public var description: String {
    String(decoding: [UInt8](capacity: Self.maximumLength) { write(to: &$0) }, as: UTF8.self)
  }

  /// No path is longer, in bytes.
  public static let maximumLength = 64

  /// Writes ``description``, all of it printable ASCII without quotation marks and backslashes.
  public func write(to text: inout OutputSpan<UInt8>) {
    first?.write(to: &text)
    second?.writeBehindDot(to: &text)
    third?.writeBehindDot(to: &text)
    fourth?.writeBehindDot(to: &text)
    fifth?.writeBehindDot(to: &text)
  }

  /// The path to something one step further down.
  func then(_ step: Step) -> ChangePath {
    var path = self
    if first == nil {
      path.first = step
    } else if second == nil {
      path.second = step
    } else if third == nil {
      path.third = step
    } else if fourth == nil {
      path.fourth = step
    } else {
      path.fifth = step
    }
    return path
  }
}

extension ChangePath.Step {
  fileprivate func writeBehindDot(to text: inout OutputSpan<UInt8>) {
    text.append(".")
    write(to: &text)
  }

  fileprivate func write(to text: inout OutputSpan<UInt8>) {
    switch self {
    case .name(let name): name.write(to: &text)
    case .element(let name, let index):
      name.write(to: &text)
      text.append("[")
      text.append(decimal: index)
      text.append("]")
    case .field(.pageRole, let index):
      text.append(contentsOf: RoleLayout.pageRole6_1.fields[Int(index)].name)
    case .field(_, let index):
      text.append(contentsOf: RoleLayout.extendedRole6_1.fields[Int(index)].name)
    }
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
