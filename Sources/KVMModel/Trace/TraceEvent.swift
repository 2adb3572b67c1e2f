/// An event of the kernel's `kvmmmu` tracepoints, with what it prints.
enum TraceEvent {
  case pagetableWalk(address: UInt64, access: AccessMode)
  case pagingElement(UInt64, level: Int)
  case setAccessedBit(GuestPhysicalAddress)
  case setDirtyBit(GuestPhysicalAddress)
  case walkerError(AccessMode)

  /// The event's name and text, as a line of ftrace has them behind its time.
  var line: String {
    func digits(_ value: UInt64) -> String { String(value, radix: 16) }
    return switch self {
    case .pagetableWalk(let address, let access):
      "kvm_mmu_pagetable_walk: addr \(digits(address)) pferr \(digits(access.rawValue & 0xffff_ffff)) \(access.text)"
    case .pagingElement(let entry, let level): "kvm_mmu_paging_element: pte \(digits(entry)) level \(level)"
    case .setAccessedBit(let address): "kvm_mmu_set_accessed_bit: gpa \(digits(address.rawValue))"
    case .setDirtyBit(let address): "kvm_mmu_set_dirty_bit: gpa \(digits(address.rawValue))"
    case .walkerError(let code): "kvm_mmu_walker_error: pferr \(digits(code.rawValue)) \(code.text)"
    }
  }
}

extension VirtualMachine {
  /// Writes a line as a tracepoint would print it.
  mutating func trace(_ event: () -> TraceEvent) {
    guard transcript.detail.contains(.trace) else { return }
    transcript.trace.append(event().line)
  }
}
