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

    /// The key in the document.
    var key: StaticString {
      switch self {
      case .vcpus: "vcpus"
      case .registers: "registers"
      case .cr0: "cr0"
      case .cr3: "cr3"
      case .cr4: "cr4"
      case .efer: "efer"
      case .pkru: "pkru"
      case .codeSegmentLong: "cs_l"
      case .pagingMode: "paging_mode"
      case .guestMode: "guest_mode"
      case .smm: "smm"
      case .mmu: "mmu"
      case .walkMMU: "walk_mmu"
      case .requests: "requests"
      case .rootMMU: "root_mmu"
      case .guestMMU: "guest_mmu"
      case .nestedMMU: "nested_mmu"
      case .vcpuRole: "vcpu_role"
      case .mmuRole: "mmu_role"
      case .value: "value"
      case .base: "base"
      case .ext: "ext"
      case .root: "root"
      case .previousRoots: "prev_roots"
      case .valid: "valid"
      case .hpa: "hpa"
      case .pgd: "pgd"
      case .paeRoot: "pae_root"
      case .pml4Entry: "pml4_root.entry"
      case .pml5Entry: "pml5_root.entry"
      case .pdptrs: "pdptrs"
      case .pageFault: "page_fault"
      case .walkFormat: "gva_to_gpa"
      case .permissions: "permissions"
      case .pkruMask: "pkru_mask"
      case .guestReservedBits: "guest_rsvd_check"
      case .shadowZeroBits: "shadow_zero_check"
      case .smallPageMasks: "rsvd_bits_mask[0]"
      case .largePageMasks: "rsvd_bits_mask[1]"
      case .badMemoryTypeXWR: "bad_mt_xwr"
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
    text.append("." as StaticString)
    write(to: &text)
  }

  fileprivate func write(to text: inout OutputSpan<UInt8>) {
    switch self {
    case .name(let name): text.append(name.key)
    case .element(let name, let index):
      text.append(name.key)
      text.append("[" as StaticString)
      text.append(decimal: index)
      text.append("]" as StaticString)
    case .field(let union, let index):
      text.append(
        union == .pageRole
          ? RoleLayout.pageRole6_1.fields[Int(index)].name
          : RoleLayout.extendedRole6_1.fields[Int(index)].name
      )
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
