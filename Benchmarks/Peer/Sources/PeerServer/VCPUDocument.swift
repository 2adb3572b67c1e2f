import Hummingbird
import KVMModel

/// What the roles are called upstream.
struct NamesDocument: Encodable {
  var vcpuRole = "cpu_role"
  var mmuRole = "root_role"

  enum CodingKeys: String, CodingKey {
    case vcpuRole = "vcpu_role"
    case mmuRole = "mmu_role"
  }
}

/// A vCPU. The peer's sessions have no nested guest.
struct VCPUDocument: ResponseEncodable {
  var names: NamesDocument?
  var id: Int
  var registers: RegistersDocument
  var pagingMode: String
  var guestMode: Bool
  var smm: Bool
  var mmu: String
  var walkMMU: String
  var requests: [String]
  @OrNull var nested: String?
  var rootMMU: MMUDocument
  var guestMMU: MMUDocument
  var nestedMMU: MMUDocument

  enum CodingKeys: String, CodingKey {
    case names, id, registers, smm, mmu, requests, nested
    case pagingMode = "paging_mode"
    case guestMode = "guest_mode"
    case walkMMU = "walk_mmu"
    case rootMMU = "root_mmu"
    case guestMMU = "guest_mmu"
    case nestedMMU = "nested_mmu"
  }

  init(_ vcpu: VCPU, in machine: borrowing VirtualMachine, isAlone: Bool = false) {
    names = isAlone ? NamesDocument() : nil
    id = vcpu.id
    registers = RegistersDocument(vcpu.registers)
    pagingMode = vcpu.registers.pagingMode.rawValue
    guestMode = vcpu.guestMode
    smm = vcpu.smm
    mmu = vcpu.mmu.rawValue
    walkMMU = vcpu.walkMMU.rawValue
    requests = vcpu.requests.names
    nested = nil
    rootMMU = MMUDocument(vcpu.rootMMU, in: machine)
    guestMMU = MMUDocument(vcpu.guestMMU, in: machine)
    nestedMMU = MMUDocument(vcpu.nestedMMU, in: machine)
  }
}

struct RegistersDocument: Encodable {
  var cr0: String
  var cr3: String
  var cr4: String
  var efer: String
  var pkru: String
  var codeSegmentLong: Bool

  enum CodingKeys: String, CodingKey {
    case cr0, cr3, cr4, efer, pkru
    case codeSegmentLong = "cs_l"
  }

  init(_ registers: Registers) {
    cr0 = hex(registers.cr0.rawValue)
    cr3 = hex(registers.cr3)
    cr4 = hex(registers.cr4.rawValue)
    efer = hex(registers.efer.rawValue)
    pkru = hex(registers.pkru)
    codeSegmentLong = registers.codeSegmentLong
  }
}

struct MMUDocument: Encodable {
  var vcpuRole: VCPURoleDocument
  var mmuRole: PageRoleDocument
  var root: RootDocument
  var previousRoots: [RootDocument]
  @OrNull var paeRoot: PAERootDocument?
  @OrNull var pml4Root: SpecialRootDocument?
  @OrNull var pml5Root: SpecialRootDocument?
  var pdptrs: [String]
  @OrNull var pageFault: String?
  @OrNull var walkFormat: String?
  var permissions: String
  var pkruMask: String
  var guestReservedBits: ReservedBitsDocument
  var shadowZeroBits: ReservedBitsDocument

  enum CodingKeys: String, CodingKey {
    case root, pdptrs, permissions
    case vcpuRole = "vcpu_role"
    case mmuRole = "mmu_role"
    case previousRoots = "prev_roots"
    case paeRoot = "pae_root"
    case pml4Root = "pml4_root"
    case pml5Root = "pml5_root"
    case pageFault = "page_fault"
    case walkFormat = "gva_to_gpa"
    case pkruMask = "pkru_mask"
    case guestReservedBits = "guest_rsvd_check"
    case shadowZeroBits = "shadow_zero_check"
  }

  init(_ mmu: MMU, in machine: borrowing VirtualMachine) {
    vcpuRole = VCPURoleDocument(mmu.vcpuRole)
    mmuRole = PageRoleDocument(mmu.mmuRole)
    root = RootDocument(mmu.root, in: machine)
    previousRoots = []
    for root in mmu.previousRoots { previousRoots.append(RootDocument(root, in: machine)) }
    pdptrs = mmu.pdptrs.texts
    permissions = mmu.permissions.text
    pkruMask = hex(mmu.pkruMask)
    guestReservedBits = ReservedBitsDocument(mmu.guestReservedBits)
    shadowZeroBits = ReservedBitsDocument(mmu.shadowZeroBits)
    paeRoot = mmu.paeRoot.map { PAERootDocument(hpa: hex($0.hpa.rawValue), entries: $0.entries.texts) }
    pml4Root = mmu.pml4Root.map { SpecialRootDocument(hpa: hex($0.hpa.rawValue), entry: hex($0.entry)) }
    pml5Root = mmu.pml5Root.map { SpecialRootDocument(hpa: hex($0.hpa.rawValue), entry: hex($0.entry)) }
    pageFault = mmu.pageFault?.rawValue
    walkFormat = mmu.walkFormat?.rawValue
  }
}

struct PAERootDocument: Encodable {
  var hpa: String
  var entries: [String]
}

struct SpecialRootDocument: Encodable {
  var hpa: String
  var entry: String
}

struct RootDocument: Encodable {
  var valid: Bool
  @OrNull var hpa: String?
  @OrNull var pgd: String?
  @OrNull var role: PageRoleDocument?

  init(_ root: Root, in machine: borrowing VirtualMachine) {
    valid = root.hpa != nil
    hpa = root.hpa.map { hex($0.rawValue) }
    pgd = pgdText(root.pgd)
    let page = if let hpa = root.hpa { machine.shadowPage(at: hpa) } else { ShadowPage?.none }
    role = page.map { PageRoleDocument($0.role) }
  }
}

struct ReservedBitsDocument: Encodable {
  var masks: [[String]]
  var badMemoryTypeXWR: String

  enum CodingKeys: String, CodingKey {
    case masks = "rsvd_bits_mask"
    case badMemoryTypeXWR = "bad_mt_xwr"
  }

  init(_ bits: ReservedBits) {
    masks = [bits.smallPage, bits.largePage].map { masks in (1...5).map { hex(masks[$0]) } }
    badMemoryTypeXWR = hex(bits.badMemoryTypeXWR)
  }
}

/// The address of a page table; nil where there is none.
func pgdText(_ pgd: UInt64) -> String? { pgd == invalidPage ? nil : hex(pgd) }

extension SIMD4<UInt64> {
  var texts: [String] { indices.map { hex(self[$0]) } }
}
