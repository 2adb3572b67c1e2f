import JSON
import KVMModel
import Testing

@testable import RolecallAPI

/// An operation that was written is read back as it was, or a script would lead elsewhere.
@Suite struct OperationDocumentTests {
  private func readBack(_ operation: KVMModel.Operation, _ machine: VirtualMachine) throws
    -> KVMModel.Operation?
  {
    var json = JSONWriter()
    operation.write(to: &json, machine.machine.vendor)
    var body = Body(try JSONDocument(parsing: json.finish()))
    let decoder = OperationDecoder(vendor: machine.machine.vendor, vcpus: machine.vcpus.count)
    let request = decoder.listed(&body)
    try body.finish()
    return request?.resolved(on: machine)
  }

  @Test func whatWasAppliedIsReadBack() throws {
    var names: Set<String> = []
    for seed in 1...60 as ClosedRange<UInt64> {
      var random = RandomOperations(seed: seed)
      let configuration = random.machine()
      var machine = VirtualMachine(machine: configuration)
      for _ in 0..<200 {
        var operation = random.operation(vcpus: configuration.vcpus)
        // What only Intel has is not there for an AMD machine, and cannot be asked for.
        if configuration.vendor == .amd, case .vcpu(let vcpu, .nestedEnter(var entry), let enter) = operation
        {
          entry.vpid = 0
          entry.host = RegisterValues()
          operation = .vcpu(vcpu, .nestedEnter(entry), enterGuest: enter)
        }
        guard (try? machine.apply(operation, detail: [])) != nil else { continue }
        #expect(try readBack(operation, machine) == operation, "seed \(seed)")
        names.insert(operation.kind.name.description)
      }
    }
    let kinds = OperationDecoder.vcpuOperations.map(\.name) + OperationDecoder.machineOperations.map(\.name)
    #expect(names == Set(kinds), "\(Set(kinds).subtracting(names))")
    #expect(OperationKind.allCases.map(\.name.description) == kinds)
  }

  @Test func rareFormsAreReadBack() throws {
    let words = [UInt64.max, 1 << 53, (1 << 53) + 1, 0].map {
      MemoryWord(address: GuestPhysicalAddress(rawValue: $0 & 0xff8), value: $0)
    }
    let registers = RegisterValues(cr0: .max, cr3: 1 << 53 + 1, cr4: 0, efer: nil, codeSegmentLong: false)
    let entry = NestedEntry(
      nestedPaging: false, pgd: .max, vpid: .max, l2: registers, pdptrs: [.max, 0, 1, 1 << 53],
      host: RegisterValues(efer: .max))
    let operations: [KVMModel.Operation] = [
      .vcpu(0, .setCR(.cr0, .bits(set: CR0.wp.rawValue, clear: CR0.pe.rawValue | CR0.pg.rawValue))),
      .vcpu(0, .setCR(.cr4, .bits(set: 0, clear: CR4.pae.rawValue))), .vcpu(0, .setCR(.cr3, .value(.max))),
      .vcpu(0, .setEFER(.bits(set: EFER.nx.rawValue, clear: 0)), enterGuest: false),
      .vcpu(0, .setSregs(registers), enterGuest: true), .vcpu(0, .setSregs(RegisterValues())),
      .vcpu(0, .setCPUID(CPUIDChange())),
      .vcpu(0, .setCPUID(CPUIDChange(flags: [.lm: false, .umip: true], maxPhyAddr: 52))),
      .vcpu(0, .nestedEnter(entry)), .vcpu(0, .nestedEnter(NestedEntry())),
      .vcpu(0, .nestedExit(reason: nil)), .vcpu(0, .nestedExit(reason: "é \" \u{7} 😀")),
      .vcpu(0, .invpcid(type: .max, pcid: .max, gva: .max)), .vcpu(0, .invpcid(type: 4, pcid: 0, gva: 0)),
      .vcpu(0, .invept(type: 0, eptp: EPTPointer(rawValue: .max))),
      .vcpu(0, .invvpid(type: 1 << 53 + 1, vpid: .max, gva: 0)), .vcpu(0, .invlpga(gva: .max, asid: .max)),
      .vcpu(
        0,
        .access(
          AccessRequest(
            address: .max, kind: .write, privilegeLevel: 3, implicit: true, alignmentCheck: true, value: 0xff,
            bytes: 1))),
      .machine(.writeMemory(words)), .machine(.writeMemory([])), .machine(.zapAll),
    ]
    let machine = VirtualMachine(machine: Machine())
    for operation in operations { #expect(try readBack(operation, machine) == operation) }
  }

  @Test func everyFlagOfAMappingIsReadBack() throws {
    let machine = VirtualMachine(machine: Machine())
    for format in Mapping.Format.allCases {
      for size in format.sizes {
        for bit in 0..<64 as Range<UInt64> {
          var mapping = Mapping(format: format, root: 0x1000, address: 0, target: 0, size: size)
          let named = mapping
          mapping.flags = 1 << bit
          // A bit that is no flag by name cannot be asked for.
          var refused = false
          let flags = format.leafFlags(mapping.flagNames, size: size) { _, _ in refused = true }
          guard !refused, flags == mapping.flags else { continue }
          for one in [named, mapping] {
            #expect(
              try readBack(.machine(.map(one)), machine) == .machine(.map(one)), "\(format) \(size) \(bit)")
          }
        }
      }
    }
  }
}
