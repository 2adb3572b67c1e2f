import JSON
import KVMModel

extension Body {
  /// The machine that `preset` and `machine` describe; a problem notes each key that can't be followed.
  mutating func machine() -> Machine {
    let preset = members.optional("preset") { element in
      element.enumeration(of: Preset.all.map(\.id)).flatMap(Preset.named)
    }
    var machine = (preset ?? Preset.all[0]).machine
    _ = optionalObject("machine") { $0.readMachine(into: &machine) }
    refuse(machine.problems().map { JSONProblem(pointer: "/machine" + $0.pointer, detail: $0.detail) })
    return machine
  }

  private mutating func readMachine(into machine: inout Machine) {
    if let kernel = members.optionalString("kernel") {
      let release = try? KernelRelease(kernel)
      if !KernelRelease.simulated.contains(where: { release == $0 }) {
        let known = KernelRelease.simulated.map { "\"\($0)\"" }.joined(separator: ", ")
        refuse("kernel", "the kernels that can be simulated: \(known)")
      }
    }
    machine.vendor = members.optionalEnumeration("vendor", of: Vendor.self) ?? machine.vendor
    read(.machine, into: &machine)
    for section in MachineSection.nested {
      _ = optionalObject(section.name ?? "") { $0.read(section, into: &machine) }
    }
    _ = optionalObject("memory") { $0.readMemory(into: &machine.memory) }
  }

  private mutating func read(_ section: MachineSection, into machine: inout Machine) {
    for key in section.flags {
      if let flag = members.optionalBool(key.name) { machine[keyPath: key.path] = flag }
    }
    for key in section.numbers {
      if let number = optionalInteger(key.name) { machine[keyPath: key.path] = number }
    }
  }

  private mutating func readMemory(into memory: inout MemoryConfiguration) {
    let bytes = members.optionalWord("bytes")
    let limit = Machine.Limits.memorySlots
    var excess: Int?
    let slots = optionalArray("slots", limit: limit, refuse: { excess = $0 }, of: decodeSlot)
    if let excess { refuse("slots", "at most \(limit) memory slots, there are \(excess)") }
    if let slots {
      memory.slots = slots
      if bytes != nil { refuse("bytes", "is short for one slot, and excludes slots") }
    } else if let bytes {
      memory.slots = [MemorySlot(base: 0, bytes: bytes)]
    }
    memory.words = members.optionalArray("words", of: decodeWord) ?? memory.words
  }
}

private func decodeSlot(_ element: inout ElementDecoder) -> MemorySlot? {
  element.object { MemorySlot(base: $0.word("gpa"), bytes: $0.word("bytes")) }
}

/// A pair of a guest-physical address and the 64-bit word there.
func decodeWord(_ element: inout ElementDecoder) -> MemoryWord? {
  guard let pair = element.array(count: 2...2, of: { $0.word() }) else { return nil }
  return MemoryWord(address: GuestPhysicalAddress(rawValue: pair[0]), value: pair[1])
}
