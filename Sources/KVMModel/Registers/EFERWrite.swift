/// A write to EFER by the guest and what its legality depends on.
struct EFERWrite {
  let value: EFER
  let old: Registers
  let allowed: EFER
  let cpuid: GuestCPUID

  /// Legality of a value for the guest (`kvm_valid_efer`).
  static let validity: [Rule<EFERWrite>] = [
    Rule(function: "set_efer", reason: "a bit of EFER is set that KVM reserves") {
      !$0.value.isSubset(of: $0.allowed)
    },
    Rule(
      function: "__kvm_valid_efer",
      reason: "EFER.LME or EFER.LMA is set, but the guest's CPUID has no long mode"
    ) { !$0.cpuid.lm && !$0.value.isDisjoint(with: [.lme, .lma]) },
    Rule(function: "__kvm_valid_efer", reason: "EFER.NX is set, but the guest's CPUID has no no-execute") {
      !$0.cpuid.nx && $0.value.contains(.nx)
    },
  ]

  /// Rules of the transition (`set_efer`).
  static let transitions: [Rule<EFERWrite>] = [
    Rule(function: "set_efer", reason: "EFER.LME can't change while paging is on") {
      $0.old.isPaging && $0.value.contains(.lme) != $0.old.efer.contains(.lme)
    }
  ]
}

extension VirtualMachine {
  func eferWrite(_ value: UInt64) -> EFERWrite {
    EFERWrite(
      value: EFER(rawValue: value), old: vcpu.registers, allowed: machine.allowedEFER, cpuid: vcpu.cpuid)
  }

  /// WRMSR to EFER by the guest (`set_efer`).
  mutating func setEFER(_ raw: UInt64) throws(Refused) {
    let write = eferWrite(raw)
    let old = write.old.efer
    enter("set_efer") { _ in "EFER is written: \(hex: old.rawValue) becomes \(hex: raw)." }
    defer { leave() }
    if let refusal = EFERWrite.validity.refusal(of: write) ?? EFERWrite.transitions.refusal(of: write) {
      throw .generalProtection(refusal.function, refusal.reason)
    }
    let value = write.value.subtracting(.lma).union(old.intersection(.lma))
    vendorSetEFER(value)
    let changed = old.symmetricDifference(value)
    if changed.isDisjoint(with: EFER.roleBits) {
      say("set_efer") { _ in "Neither LME nor NX changed, so the MMU does not care." }
    } else {
      resetContext("LME or NX changed")
    }
  }
}
