import JSON
import KVMModel

/// Reads operations on a machine.
struct OperationDecoder {
  /// Reads a vCPU operation for a machine of that vendor.
  typealias VCPUReader = @Sendable (inout Body, Vendor) -> VCPUOperation
  /// Reads a machine operation.
  typealias MachineReader = @Sendable (inout Body) -> OperationRequest

  /// The operations on a vCPU.
  static let vcpuOperations: [(name: String, read: VCPUReader)] = [
    ("set-cr", { body, _ in setCR(&body) }),
    ("set-efer", { body, _ in .setEFER(body.registerWrite(BitNames.efer)) }),
    (
      "set-pkru",
      { body, _ in .setPKRU(UInt32(truncatingIfNeeded: body.members.word("value", bits: 32))) }
    ),
    ("set-cs", { body, _ in .setCS(long: body.members.bool("l")) }),
    ("set-sregs", { body, _ in .setSregs(body.registerValues()) }),
    ("set-cpuid", { body, _ in .setCPUID(cpuidChange(&body)) }),
    ("smm-enter", { _, _ in .smmEnter }),
    ("smm-leave", { _, _ in .smmLeave }),
    ("enter-guest", { _, _ in .enterGuest }),
    ("nested-enter", { body, vendor in .nestedEnter(nestedEntry(&body, vendor)) }),
    ("nested-exit", { body, _ in .nestedExit(reason: body.members.optionalString("reason")) }),
    ("ept-load", { body, _ in .eptLoad(EPTPointer(rawValue: body.members.word("eptp"))) }),
    ("invlpg", { body, _ in .invlpg(gva: body.members.word("gva")) }),
    (
      "invpcid",
      { body, _ in
        let type = InvalidationType.decode(&body, InvalidationType.invpcid)
        return .invpcid(type: type, pcid: body.wordOrZero("pcid"), gva: body.wordOrZero("gva"))
      }
    ),
    (
      "invept",
      { body, _ in
        let type = InvalidationType.decode(&body, InvalidationType.invept)
        return .invept(type: type, eptp: EPTPointer(rawValue: body.wordOrZero("eptp")))
      }
    ),
    (
      "invvpid",
      { body, _ in
        let type = InvalidationType.decode(&body, InvalidationType.invvpid)
        return .invvpid(type: type, vpid: body.wordOrZero("vpid"), gva: body.wordOrZero("gva"))
      }
    ),
    (
      "invlpga",
      { body, _ in
        let asid = UInt32(truncatingIfNeeded: body.wordOrZero("asid", bits: 32))
        return .invlpga(gva: body.members.word("gva"), asid: asid)
      }
    ),
    ("vmxon", { _, _ in .vmxon }),
    ("vmxoff", { _, _ in .vmxoff }),
    ("walk", { body, _ in .walk(walkRequest(&body)) }),
    (
      "page-fault",
      { body, _ in
        let address = body.members.word("address")
        return .pageFault(address: address, errorCode: AccessMode(rawValue: body.members.word("error_code")))
      }
    ),
    ("access", { body, _ in .access(accessRequest(&body)) }),
  ]

  /// The operations on the machine.
  static let machineOperations: [(name: String, read: MachineReader)] = [
    ("write-memory", { body in .write(MemoryWrite(&body)) }),
    ("map", { body in .operation(.machine(.map(mapping(&body)))) }),
    ("zap-all", { _ in .operation(.machine(.zapAll)) }),
  ]

  /// What the operations are for.
  let vendor: Vendor
  /// The machine's vCPUs.
  let vcpus: Int

  /// The vCPUs of a machine with `count` of them, in words.
  static func vcpuRange(_ count: Int) -> String {
    count == 1 ? "the machine has one vCPU, 0" : "the machine has \(count) vCPUs, 0 to \(count - 1)"
  }

  /// Reads the body of a vCPU operation of a known name.
  func vcpuOperation(_ name: String, vcpu: Int, _ body: inout Body) -> OperationRequest? {
    guard let read = Self.vcpuOperations.first(where: { $0.name == name })?.read else { return nil }
    let operation = read(&body, vendor)
    return .operation(.vcpu(vcpu, operation, enterGuest: body.members.optionalBool("enter_guest")))
  }

  /// Reads the body of a machine operation of a known name.
  func machineOperation(_ name: String, _ body: inout Body) -> OperationRequest? {
    Self.machineOperations.first { $0.name == name }?.read(&body)
  }

  /// Reads an element of a list of operations, which names its operation and vCPU itself.
  func listed(_ body: inout Body) -> OperationRequest? {
    let names = Self.vcpuOperations.map(\.name) + Self.machineOperations.map(\.name)
    guard let name = body.members.required("op", { $0.enumeration(of: names) }) else {
      _ = body.members.contains("vcpu")
      return nil
    }
    if let operation = machineOperation(name, &body) { return operation }
    let vcpu = body.optionalInteger("vcpu") ?? 0
    // Not as a range, which traps when the body says that the machine has fewer than none.
    if vcpu < 0 || vcpu >= vcpus {
      body.refuse("vcpu", OperationDecoder.vcpuRange(vcpus))
    }
    return vcpuOperation(name, vcpu: vcpu, &body)
  }
}

extension Body {
  /// A word that is 0 where it is left out.
  fileprivate mutating func wordOrZero(_ key: StaticString, bits: Int = 64) -> UInt64 {
    members.optionalWord(key, bits: bits) ?? 0
  }
}

private func setCR(_ body: inout Body) -> VCPUOperation {
  let register = body.members.required("register") { element in
    element.choice(of: ControlRegister.names).map { ControlRegister.allCases[$0] }
  }
  return .setCR(register ?? .cr0, body.registerWrite(register?.bitNames))
}

private func cpuidChange(_ body: inout Body) -> CPUIDChange {
  var change = CPUIDChange(maxPhyAddr: body.optionalInteger("maxphyaddr"))
  let widths = Machine.Limits.maxPhyAddr
  if let width = change.maxPhyAddr, !widths.contains(width) {
    body.refuse("maxphyaddr", "must be from \(widths.lowerBound) to \(widths.upperBound) bits, is \(width)")
  }
  for (key, flag) in CPUIDFlag.keys { change.flags[flag] = body.members.optionalBool(key) }
  return change
}

private func nestedEntry(_ body: inout Body, _ vendor: Vendor) -> NestedEntry {
  let l2 = body.optionalObject("l2") { $0.registerValues() } ?? RegisterValues()
  let foreign: [StaticString] =
    vendor == .intel ? ["npt", "ncr3"] : ["ept", "eptp", "vpid", "pdptrs", "host"]
  for key in foreign where body.members.hasValue(key) {
    body.refuse(
      key.description, "only a machine of the other vendor has this; this one's is \(vendor.rawValue)")
  }
  guard vendor == .intel else {
    let ncr3 = body.members.optionalWord("ncr3")
    return NestedEntry(nestedPaging: body.members.optionalBool("npt"), pgd: ncr3, l2: l2)
  }
  let eptp = body.members.optionalWord("eptp")
  var entry = NestedEntry(nestedPaging: body.members.optionalBool("ept"), pgd: eptp, l2: l2)
  entry.vpid = UInt16(truncatingIfNeeded: body.members.optionalWord("vpid", bits: 16) ?? 0)
  if let values = body.members.optionalArray("pdptrs", count: 4...4, of: { $0.word() }) {
    entry.pdptrs = SIMD4(values)
  }
  entry.host = body.optionalObject("host") { $0.registerValues() } ?? RegisterValues()
  return entry
}
