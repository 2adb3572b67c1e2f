@testable import KVMModel
import Testing

/// Walks in one and two dimensions against what the kernel's own code answered.
@Suite struct WalkVectorTests {
  @Test func everyWalkAgrees() throws {
    let records = try Vector.records("walks")
    var nestedPageFaults = 0
    var leftovers = 0
    for (index, record) in records.enumerated() {
      var machine = VirtualMachine(
        machine: record["config"].machine(memory: record["mem"]), boot: .reset)
      try prepare(&machine, record)
      let bits = record["access"].number
      let result = try machine.apply(
        .vcpu(
          0,
          .walk(
            WalkRequest(
              address: record["addr"].number,
              access: bits & 0x10 != 0 ? .fetch : bits & 2 != 0 ? .write : .read,
              user: bits & 4 != 0, implicit: bits >> 48 & 1 != 0, alignmentCheck: record["ac"].flag,
              space: record["mode"].text == "nested_gpa" ? .l2Physical : .virtual,
              exitQualification: record["eq_in"].number))))
      let before = Memory(record["mem"])
      let changed = result.memoryChanges.reduce(into: before) { $0.apply($1) }
      #expect(lines(result, changed.differences(from: before)) == lines(record), "record \(index)")
      if case .vmExit(.svm(_, _, let info2), _) = result.outcome {
        #expect(info2 == record["result"]["fault"]["address"].number, "record \(index)")
        nestedPageFaults += 1
        if info2 != record["result"]["inject"]["nested_exit"]["info2"].number { leftovers += 1 }
      }
    }
    #expect(records.count == 2000)
    #expect(nestedPageFaults > 90)
    // KVM keeps info2 of an exit that already was a nested page fault. These records were made on machines that had
    // seen one before, in walks that are not among the records.
    #expect(leftovers == 32)
  }

  private func prepare(_ machine: inout VirtualMachine, _ record: Vector) throws {
    let isRoot = record["mode"].text == "root"
    var operations: [VCPUOperation] = [.setSregs(record[isRoot ? "regs" : "l1"].registerValues())]
    if !isRoot {
      let pdptrs = record["pdptrs"].array.map(\.number)
      operations.append(
        .nestedEnter(
          NestedEntry(
            nestedPaging: true, pgd: record["eptp"].optionalNumber ?? record["ncr3"].number,
            l2: record["l2"].registerValues(), pdptrs: pdptrs.count == 4 ? SIMD4(pdptrs) : SIMD4())))
    }
    operations += [.enterGuest]
    for operation in operations {
      #expect(try machine.apply(.vcpu(0, operation), detail: []).outcome == .ok)
    }
    machine.vcpus[0].registers.pkru = UInt32(record["pkru"].number)
  }

  /// The record's answer, a line for each thing that must agree.
  private func lines(_ record: Vector) -> [String] {
    let want = record["result"]
    let fault = want["fault"]
    var lines = ["gpa \(hex(fault.exists ? invalidPage : want["gpa"].number))"]
    if fault.exists {
      lines.append(
        "fault \(hex(fault["error_code"].number)) at \(hex(fault["address"].number)) nested \(fault["nested"].flag)"
      )
      if record["eptp"].exists && fault["nested"].flag {
        lines.append("qualification \(hex(fault["exit_qualification"].number))")
      }
      let inject = want["inject"]
      let exit = inject["nested_exit"]
      if inject["exception"].exists {
        lines.append(
          "exception \(hex(inject["exception"]["error_code"].number)) \(hex(inject["exception"]["payload"].number))"
        )
      } else if exit["info1"].exists {
        lines.append("exit \(hex(exit["reason"].number)) \(hex(exit["info1"].number))")
      } else if exit.exists {
        lines.append(
          "exit \(hex(exit["reason"].number)) \(hex(exit["qualification"].number)) \(hex(exit["gpa"].number))"
        )
      }
    }
    return lines
      + want["changes"].array.map { "changed \(hex($0[0].number)) to \(hex($0[1].number))" }.sorted()
  }

  private func lines(_ result: OperationResult, _ changes: [UInt64: UInt64]) -> [String] {
    var lines: [String] = []
    switch result.walk?.result {
    case .success(let address): lines.append("gpa \(hex(address.rawValue))")
    case .failure(let fault):
      lines = ["gpa \(hex(invalidPage))"]
      lines.append("fault \(hex(fault.errorCode.rawValue)) at \(hex(fault.address)) nested \(fault.nested)")
      switch result.outcome {
      case .exception(_, let code, let address, _):
        lines.append("exception \(hex(code)) \(hex(address ?? 0))")
      case .vmExit(.vmx(let reason, let qualification, let address), _):
        lines.append("qualification \(hex(result.walk?.exitQualification ?? 0))")
        lines.append("exit \(hex(reason)) \(hex(qualification)) \(hex(address ?? 0))")
      case .vmExit(.svm(let code, let info1, _), _): lines.append("exit \(hex(code)) \(hex(info1))")
      default: lines.append("\(result.outcome)")
      }
    case nil: lines.append("no walk")
    }
    return lines + changes.map { "changed \(hex($0.key)) to \(hex($0.value))" }.sorted()
  }
}

/// Guest memory as 64-bit words, whatever the width of the entries that change.
struct Memory {
  var words: [UInt64: UInt64] = [:]

  init(_ pairs: Vector) { write(pairs) }

  mutating func write(_ pairs: Vector) {
    for pair in pairs.array { words[pair[0].number] = pair[1].number }
  }

  mutating func apply(_ change: MemoryChange) {
    let address = change.address.rawValue & ~7
    let shift = change.bytes == 4 ? (change.address.rawValue & 4) * 8 : 0
    let mask: UInt64 = change.bytes == 4 ? 0xffff_ffff << shift : .max
    words[address] = words[address, default: 0] & ~mask | change.to << shift
  }

  func differences(from old: Memory) -> [UInt64: UInt64] {
    words.filter { $0.value != old.words[$0.key, default: 0] }
  }
}
