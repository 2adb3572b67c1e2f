/// The requests of a vCPU that concern its MMUs (`KVM_REQ_*`), as a set of bits numbered as in Linux 6.1.
public struct Requests: OptionSet, Hashable, Sendable, Codable {
  /// Bit n is set while request n is pending.
  public var rawValue: UInt64

  /// Takes a set of bits as it stands.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Flush all translations of the vCPU.
  public static let tlbFlush = Requests(rawValue: 1 << 0)
  /// The virtual machine is dead.
  public static let vmDead = Requests(rawValue: 1 << 1)
  /// The vCPU shuts down, or L1 sees its guest do so.
  public static let tripleFault = Requests(rawValue: 1 << 10)
  /// Bring the current root's shadow pages up to date.
  public static let mmuSync = Requests(rawValue: 1 << 11)
  /// Give the current root to the hardware.
  public static let loadMMUPGD = Requests(rawValue: 1 << 13)
  /// Finish a nested entry that user space or RSM began.
  public static let getNestedStatePages = Requests(rawValue: 1 << 32)
  /// Flush the translations of the current context.
  public static let tlbFlushCurrent = Requests(rawValue: 1 << 34)
  /// Flush the translations that the guest could flush itself.
  public static let tlbFlushGuest = Requests(rawValue: 1 << 35)
  /// Let go of roots that were zapped.
  public static let freeObsoleteRoots = Requests(rawValue: 1 << 39)

  /// Every request and its name without the prefix `KVM_REQ_`, by bit.
  public static let names: [(request: Requests, name: StaticString)] = [
    (tlbFlush, "TLB_FLUSH"), (vmDead, "VM_DEAD"), (tripleFault, "TRIPLE_FAULT"), (mmuSync, "MMU_SYNC"),
    (loadMMUPGD, "LOAD_MMU_PGD"), (getNestedStatePages, "GET_NESTED_STATE_PAGES"),
    (tlbFlushCurrent, "TLB_FLUSH_CURRENT"), (tlbFlushGuest, "TLB_FLUSH_GUEST"),
    (freeObsoleteRoots, "MMU_FREE_OBSOLETE_ROOTS"),
  ]

  /// The names of the pending requests, by bit.
  public var names: [String] { Self.names.filter { contains($0.request) }.map(\.name.description) }
}

extension Requests: TextPart {
  /// Writes the names, with commas between.
  func write(to text: inout Text) { write(to: &text, separator: ", ") }

  /// Writes the names and gives their number.
  @discardableResult
  fileprivate func write(to text: inout Text, separator: StaticString) -> Int {
    var count = 0
    for row in Self.names where contains(row.request) {
      if count > 0 { text.append(separator) }
      text.append(row.name)
      count += 1
    }
    return count
  }

  /// Requests as the subject of a sentence.
  struct Subject: TextPart {
    let requests: Requests

    func write(to text: inout Text) {
      text.append(requests.write(to: &text, separator: " and ") == 1 ? " is" : " are")
    }
  }
}
