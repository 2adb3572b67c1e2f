@testable import KVMModel
import Testing

/// Each rule that refuses a write, by the kernel's function and what it says, and that nothing changes then.
@Suite struct RefusalTests {
  private struct Row {
    var preset = "intel-ept"
    var boot = Boot.longMode
    var setup: [VCPUOperation] = []
    var write: VCPUOperation
    var function: String
    var says: String
    var status = "exception"
    var change: @Sendable (inout Machine) -> Void = { _ in }
  }

  private func check(_ rows: [Row]) throws {
    for (index, row) in rows.enumerated() {
      var test = TestMachine(row.preset, boot: row.boot, row.change)
      for operation in row.setup { #expect(try test.run(operation).outcome == .ok, "row \(index)") }
      let before = test.vm
      let outcome = try test.run(row.write).outcome
      #expect(outcome.status == row.status, "row \(index): \(row.says)")
      #expect(outcome.refusal?.function == row.function, "row \(index): \(row.says)")
      #expect(
        outcome.refusal?.reason.contains(row.says) == true,
        "row \(index): \(outcome.refusal?.reason ?? "no reason")")
      #expect(test.vm == before, "row \(index): \(row.says)")
    }
  }

  @Test func writesToCR0() throws {
    try check([
      Row(write: .cr0(1 << 32 | 0x8005_0033), function: "kvm_is_valid_cr0", says: "63:32"),
      Row(write: .cr0(0xa005_0033), function: "kvm_is_valid_cr0", says: "NW"),
      Row(write: .cr0(0x8005_0032), function: "kvm_is_valid_cr0", says: "PE"),
      Row(
        boot: .protected, setup: [.efer(0x100)], write: .cr0(0x8000_0011), function: "kvm_set_cr0",
        says: "CR4.PAE"),
      Row(
        boot: .protected, setup: [.efer(0x100), .cr4(0x20), .setCS(long: true)],
        write: .cr0(0x8000_0011), function: "kvm_set_cr0", says: "CS.L clear"),
      Row(
        boot: .protected, setup: [.cr4(0x20), .cr3(0x1_0000_0000)], write: .cr0(0x8000_0011),
        function: "load_pdptrs", says: "PDPTEs"),
      Row(write: .cr0(0x5_0033), function: "kvm_set_cr0", says: "64-bit code"),
      Row(
        setup: [.cr4(0x2_0020), .setCS(long: false)], write: .cr0(0x5_0033), function: "kvm_set_cr0",
        says: "PCIDE"),
    ])
  }

  @Test func reservedBitsOfTheLowHalfOfCR0AreDropped() throws {
    var test = TestMachine("intel-ept")
    try test.run(.cr0(0x8005_0033 | 0x1ff8_ffc0 & ~0x5_0000))
    #expect(test.vcpu.registers.cr0.rawValue == 0x8005_0033)
    try test.run(.cr0(0x8005_0023))
    #expect(test.vcpu.registers.cr0.rawValue == 0x8005_0033, "ET stays set")
  }

  @Test func writesToCR3() throws {
    try check([
      Row(write: .cr3(1 << 46 | 0x1000), function: "kvm_set_cr3", says: "MAXPHYADDR (46 bits)"),
      Row(write: .cr3(1 << 63 | 0x1000), function: "kvm_set_cr3", says: "NOFLUSH only with CR4.PCIDE"),
      Row(
        setup: [.cr4(0x2_0020)], write: .cr3(1 << 63 | 1 << 62 | 0x1000), function: "kvm_set_cr3",
        says: "MAXPHYADDR"),
      Row(boot: .pae, write: .cr3(0x1_0000_0000), function: "load_pdptrs", says: "PDPTEs"),
    ])
  }

  @Test func writesToCR4() throws {
    let offered: [(bit: UInt64, without: CPUIDFlag)] = [
      (1 << 20, .smep), (1 << 21, .smap), (1 << 22, .pku), (1 << 11, .umip), (1 << 17, .pcid),
    ]
    try check(
      [1 << 14, 1 << 23, 1 << 15, 1 << 19, 1 << 24, 1 << 32, 1 << 63].map {
        Row(write: .cr4($0 | 0x20), function: "__kvm_is_valid_cr4", says: "reserved")
      }
        + offered.map { row in
          Row(write: .cr4(row.bit | 0x20), function: "__kvm_is_valid_cr4", says: "CPUID") {
            $0.cpuid[keyPath: row.without.keyPath] = false
          }
        } + [
          Row(
            preset: "intel-shadow", write: .cr4(1 << 22 | 0x20), function: "__kvm_is_valid_cr4",
            says: "PKE"),
          Row(write: .cr4(0x1020), function: "__kvm_is_valid_cr4", says: "LA57") {
            $0.cpuid.la57 = true
          },
          Row(preset: "amd-npt", write: .cr4(0x2020), function: "__kvm_is_valid_cr4", says: "VMXE"),
          Row(setup: [.smmEnter], write: .cr4(0x2020), function: "vmx_is_valid_cr4", says: "VMXE"),
          Row(write: .cr4(0), function: "kvm_set_cr4", says: "PAE"),
          Row(preset: "intel-ept-5level", write: .cr4(0x1020), function: "kvm_set_cr4", says: "LA57"),
          Row(
            boot: .thirtyTwoBit, setup: [.setSregs(RegisterValues(cr3: 0x1_0000_0000))], write: .cr4(0x30),
            function: "load_pdptrs", says: "PDPTEs"),
          Row(boot: .pae, write: .cr4(0x2_0020), function: "kvm_set_cr4", says: "long mode"),
          Row(
            setup: [.cr3(0x1008)], write: .cr4(0x2_0020), function: "kvm_set_cr4", says: "CR3[11:0]"),
        ])
  }

  @Test func writesToEFER() throws {
    try check([
      Row(write: .efer(1 << 21 | 0xd01), function: "set_efer", says: "reserves"),
      Row(write: .efer(1 << 12 | 0xd01), function: "set_efer", says: "reserves"),
      Row(boot: .protected, write: .efer(0x100), function: "__kvm_valid_efer", says: "no long mode") {
        $0.cpuid.lm = false
      },
      Row(boot: .protected, write: .efer(0x400), function: "__kvm_valid_efer", says: "no long mode") {
        $0.cpuid.lm = false
      },
      Row(boot: .protected, write: .efer(0x800), function: "__kvm_valid_efer", says: "no no-execute") {
        $0.cpuid.nx = false
      },
      Row(write: .efer(0xc01), function: "set_efer", says: "LME can't change"),
      Row(boot: .pae, write: .efer(0x900), function: "set_efer", says: "LME can't change"),
    ])
    for (preset, value) in [("amd-npt", 0x7d01), ("intel-ept", 0xd00)] as [(String, UInt64)] {
      var test = TestMachine(preset)
      #expect(try test.run(.efer(value & ~0x400)).outcome == .ok)
      #expect(test.vcpu.registers.efer.rawValue == value, "LMA is what it was")
    }
  }

  @Test func setSregsByUserSpace() throws {
    let invalid: [(values: RegisterValues, function: String)] = [
      (RegisterValues(cr4: 0), "kvm_is_valid_sregs"),
      (RegisterValues(efer: 0x900), "kvm_is_valid_sregs"),
      (RegisterValues(cr3: 1 << 46), "kvm_is_valid_sregs"),
      (RegisterValues(cr0: 0x11), "kvm_is_valid_sregs"),
      (RegisterValues(cr0: 0x11, efer: 0), "kvm_is_valid_sregs"),
      (RegisterValues(cr4: 0x4020), "__kvm_is_valid_cr4"),
      (RegisterValues(cr0: 1 << 32 | 0x8005_0033), "kvm_is_valid_cr0"),
      (RegisterValues(cr0: 0xa005_0033), "kvm_is_valid_cr0"),
      (RegisterValues(cr0: 0x8005_0032), "kvm_is_valid_cr0"),
    ]
    try check(
      invalid.map {
        Row(write: .setSregs($0.values), function: $0.function, says: " ", status: "invalid")
      })
    // What user space may do and a guest may not.
    for values in [
      RegisterValues(cr0: 0x8007_0073), RegisterValues(efer: 0x20_0d01),
      RegisterValues(cr0: 0x8005_0033, cr3: 1 << 63, cr4: 0, efer: 0, codeSegmentLong: false),
    ] {
      var test = TestMachine("intel-ept")
      #expect(try test.run(.setSregs(values)).outcome == .ok, "\(values)")
      if let cr0 = values.cr0 { #expect(test.vcpu.registers.cr0.rawValue == cr0) }
      if let efer = values.efer { #expect(test.vcpu.registers.efer.rawValue == efer) }
    }
  }

  @Test func invalidations() throws {
    func invpcid(_ type: UInt64, _ pcid: UInt64, _ gva: UInt64 = 0) -> VCPUOperation {
      .invpcid(type: type, pcid: pcid, gva: gva)
    }
    try check([
      Row(write: invpcid(4, 0), function: "kvm_handle_invpcid", says: "0 to 3"),
      Row(write: invpcid(.max, 0), function: "kvm_handle_invpcid", says: "0 to 3"),
      Row(write: invpcid(2, 0x1000), function: "kvm_handle_invpcid", says: "63:12"),
      Row(write: invpcid(0, 1), function: "kvm_handle_invpcid", says: "PCIDE"),
      Row(write: invpcid(1, 1), function: "kvm_handle_invpcid", says: "PCIDE"),
      Row(write: invpcid(0, 0, 1 << 47), function: "kvm_handle_invpcid", says: "canonical"),
      Row(
        preset: "amd-npt", write: .invlpga(gva: 0, asid: 1), function: "nested_svm_check_permissions",
        says: "SVME"),
      Row(write: .setPKRU(1), function: "WRPKRU", says: "PKE"),
    ])
  }
}
