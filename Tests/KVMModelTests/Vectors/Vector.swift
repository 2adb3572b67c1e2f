import Foundation
import KVMModel
import Testing

/// A value of a vector record, read without fuss: numbers may be hexadecimal strings.
struct Vector {
  let json: Any?

  subscript(key: String) -> Vector { Vector(json: (json as? [String: Any])?[key]) }
  subscript(index: Int) -> Vector { Vector(json: array.indices.contains(index) ? array[index].json : nil) }

  var array: [Vector] { ((json as? [Any]) ?? []).map { Vector(json: $0) } }
  var exists: Bool { json != nil && !(json is NSNull) }
  var text: String { json as? String ?? "" }
  var flag: Bool { number != 0 }
  var number: UInt64 { optionalNumber ?? 0 }
  var int: Int { Int(truncatingIfNeeded: number) }

  var optionalNumber: UInt64? {
    if let text = json as? String {
      return text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }
    return (json as? NSNumber)?.uint64Value
  }

  /// The records of a fixture of gzipped JSON lines.
  static func records(_ name: String) throws -> [Vector] {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "jsonl.gz", subdirectory: "Fixtures"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", url.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try data.split(separator: UInt8(ascii: "\n")).map {
      Vector(json: try JSONSerialization.jsonObject(with: $0))
    }
  }
}

extension Vector {
  /// The machine that a record's `config` describes.
  func machine(memory words: Vector? = nil) -> Machine {
    var machine = Machine()
    machine.vendor = self["vendor"].text == "amd" ? .amd : .intel
    machine.tdp = self["tdp"].flag
    machine.tdpMMU = self["tdp_mmu"].flag
    machine.eptAD = self["ept_ad"].flag
    machine.autoEnter = false
    machine.host.maxPhyAddr = self["host_maxpa"].int
    machine.host.la57 = self["host_la57"].flag
    machine.host.gbPages = self["host_gbpages"].flag
    machine.host.ept5Level = self["ept5"].flag
    machine.host.ept1G = self["host_ept_1g"].flag
    machine.host.eptExecuteOnly = self["host_ept_xo"].flag
    machine.cpuid.maxPhyAddr = self["maxpa"].int
    for flag in CPUIDFlag.allCases { machine.cpuid[keyPath: flag.keyPath] = self[flag.rawValue].flag }
    machine.nested.ept = self["l1_ept"].flag
    machine.nested.vpid = self["l1_vpid"].flag
    machine.nested.eptExecuteOnly = self["l1_ept_xo"].flag
    machine.nested.ept5Level = self["l1_ept_5l"].flag
    machine.nested.eptAD = self["l1_ept_ad"].flag
    machine.nested.ept2M = self["l1_ept_2m"].flag
    machine.nested.ept1G = self["l1_ept_1g"].flag
    machine.memory.slots = [
      MemorySlot(base: 0, bytes: self["ram_pages"].number * 4096),
      MemorySlot(base: 0xf000_0000, bytes: 0x10000),
    ]
    machine.memory.words = (words?.array ?? []).map {
      MemoryWord(address: GuestPhysicalAddress(rawValue: $0[0].number), value: $0[1].number)
    }
    return machine
  }

  /// The values of registers that an operation names, after a prefix.
  func registerValues(_ prefix: String = "") -> RegisterValues {
    RegisterValues(
      cr0: self[prefix + "cr0"].optionalNumber, cr3: self[prefix + "cr3"].optionalNumber,
      cr4: self[prefix + "cr4"].optionalNumber, efer: self[prefix + "efer"].optionalNumber,
      codeSegmentLong: prefix.isEmpty ? self["cs_l"].optionalNumber.map { $0 != 0 } : nil)
  }

  /// The operation that an entry of a record's `ops` stands for.
  func operation(config: Vector) -> KVMModel.Operation {
    let value = RegisterWrite.value(self["v"].number)
    let operation: VCPUOperation
    switch self["op"].text {
    case "set_cr0": operation = .setCR(.cr0, value)
    case "set_cr3": operation = .setCR(.cr3, value)
    case "set_cr4": operation = .setCR(.cr4, value)
    case "set_efer": operation = .setEFER(value)
    case "set_cs_l": operation = .setCS(long: self["v"].flag)
    case "set_sregs": operation = .setSregs(registerValues())
    case "set_cpuid":
      operation = .setCPUID(
        CPUIDChange(
          flags: [
            .gbpages: self["gbpages"].exists ? self["gbpages"].flag : config["gbpages"].flag,
            .nx: self["nx"].exists ? self["nx"].flag : config["nx"].flag,
          ], maxPhyAddr: self["maxpa"].exists ? self["maxpa"].int : config["maxpa"].int))
    case "enter_smm": operation = .smmEnter
    case "leave_smm": operation = .smmLeave
    case "enter_guest": operation = .enterGuest
    case "invlpg": operation = .invlpg(gva: self["gva"].number)
    case "invpcid":
      operation = .invpcid(type: self["type"].number, pcid: self["pcid"].number, gva: self["gva"].number)
    case "invept":
      operation = .invept(type: self["type"].number, eptp: EPTPointer(rawValue: self["eptp"].number))
    case "invvpid":
      operation = .invvpid(type: self["type"].number, vpid: self["vpid"].number, gva: self["gla"].number)
    case "vmfunc_eptp_switch": operation = .eptLoad(EPTPointer(rawValue: self["eptp"].number))
    case "nested_vmx_exit", "nested_svm_vmexit": operation = .nestedExit(reason: nil)
    case "nested_vmx_enter":
      operation = .nestedEnter(
        NestedEntry(
          nestedPaging: self["ept"].flag, pgd: self["eptp"].optionalNumber, vpid: UInt16(self["vpid"].number),
          l2: registerValues(), pdptrs: pdptrs, host: registerValues("host_")))
    case "nested_svm_vmrun":
      operation = .nestedEnter(
        NestedEntry(nestedPaging: self["npt"].flag, pgd: self["ncr3"].optionalNumber, l2: registerValues()))
    case "fault":
      operation = .pageFault(address: self["gva"].number, errorCode: AccessMode(rawValue: self["ec"].number))
    case "poke":
      return .machine(
        .writeMemory(
          self["mem"].array.map {
            MemoryWord(address: GuestPhysicalAddress(rawValue: $0[0].number), value: $0[1].number)
          }))
    case "zap_all": return .machine(.zapAll)
    case let name: preconditionFailure("unknown operation \(name)")
    }
    return .vcpu(0, operation)
  }

  private var pdptrs: SIMD4<UInt64> {
    let values = self["pdptrs"].array.map(\.number)
    return values.count == 4 ? SIMD4(values) : SIMD4()
  }
}
