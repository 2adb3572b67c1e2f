@testable import KVMModel
import Testing

/// Page faults and the shadow pages that they build, against what the kernel's own code answered.
@Suite struct ShadowVectorTests {
  @Test func everyFaultAgrees() throws {
    let records = try Vector.records("shadow")
    var faults = 0
    for record in records {
      let config = record["config"]
      // The first operation is always the memory that is there from the start.
      let words = record["ops"][0]["mem"]
      var machine = VirtualMachine(machine: config.machine(memory: words), boot: .reset)
      var memory = Memory(words)
      var base = memory
      // The records tell what changed of the words that the last poke wrote, and of no other.
      var watched = Set(memory.words.keys)
      for (index, (step, want)) in zip(record["ops"].array, record["results"].array).enumerated() {
        if index == 0 { continue }
        let place = "record \(record["id"].number) op \(index) \(step.json ?? "")"
        if step["op"].text == "pages" {
          try compare(machine, want, place)
          continue
        }
        let result = try machine.apply(step.operation(config: config))
        for change in result.memoryChanges { memory.apply(change) }
        switch step["op"].text {
        case "poke":
          memory.write(step["mem"])
          base = memory
          watched = Set(step["mem"].array.map { $0[0].number })
        case "fault":
          faults += 1
          let lines = lines(result, memory.differences(from: base).filter { watched.contains($0.key) })
          try #require(lines == self.lines(want), "\(place)")
          let flush = machine.vcpus[0].requests.contains(.tlbFlush)
          try #require(flush == want["tlb_flush"].flag, "\(place): TLB_FLUSH")
          try compare(machine, want, place)
        default:
          try #require(result.tlb.map(ScenarioVectorTests.text) == want["tlb"].array.map(\.text), "\(place)")
          let vcpu = machine.vcpus[0]
          try #require(vcpu.requests.names == want["requests"].array.map(\.text), "\(place)")
          try #require(
            vcpu[vcpu.mmu].root.hpa?.rawValue ?? invalidPage == want["root"]["hpa"].number, "\(place)")
          try compare(machine, want, place)
        }
      }
    }
    #expect(records.count == 80)
    #expect(faults == 784)
  }

  private func compare(_ machine: VirtualMachine, _ want: Vector, _ place: String) throws {
    let got = machine.shadowPages.map(text)
    let kernel = want["pages"].array.map(text)
    let differences = zip(kernel, got).filter { !$1.hasPrefix($0) }.map { "kernel: \($0)\nmodel:  \($1)" }
    try #require(
      differences.isEmpty && got.count == kernel.count,
      "\(place)\n\(differences.joined(separator: "\n"))\n\(kernel.count) and \(got.count) pages")
  }

  private func text(_ page: ShadowPage) -> String {
    "\(hex(page.hpa.rawValue)) gfn \(hex(page.frame.rawValue)) role \(hex(page.role.rawValue)) root_count "
      + "\(page.rootCount) tdp \(page.isTDPMMU) unsync \(page.isUnsync) "
      + "children \(page.unsyncChildren.count) entries "
      + page.entries.map { "\($0.index):\(hex($0.spte.rawValue))" }.joined(separator: " ")
  }

  /// A page of a vector; those after operations other than faults don't tell entries.
  private func text(_ page: Vector) -> String {
    let start =
      "\(hex(page["hpa"].number)) gfn \(hex(page["gfn"].number)) role \(hex(page["role"].number)) root_count "
      + "\(page["root_count"].number) tdp \(page["tdp_mmu"].flag) unsync \(page["unsync"].flag) "
    guard page["sptes"].exists else { return start }
    return start + "children \(page["unsync_children"].number) entries "
      + page["sptes"].array.map { "\($0[0].number):\(hex($0[1].number))" }.joined(separator: " ")
  }

  private func lines(_ want: Vector) -> [String] {
    var lines = ["ret \(want["ret"].text)", "writes its own table \(want["wpf_to_sp"].flag)"]
    let exit = want["nested_exit"]
    if want["exception"].exists {
      let exception = want["exception"]
      lines.append("exception \(hex(exception["error_code"].number)) \(hex(exception["payload"].number))")
    } else if exit["info1"].exists {
      lines.append(
        "exit \(hex(exit["reason"].number)) \(hex(exit["info1"].number)) \(hex(exit["info2"].number))")
    } else if exit.exists {
      lines.append(
        "exit \(hex(exit["reason"].number)) \(hex(exit["qualification"].number)) \(hex(exit["gpa"].number))")
    }
    return lines
      + want["changes"].array.map { "changed \(hex($0[0].number)) to \(hex($0[1].number))" }.sorted()
  }

  private func lines(_ result: OperationResult, _ changes: [UInt64: UInt64]) -> [String] {
    var lines = [
      "ret \(result.faults.last?.result.rawValue ?? "none")",
      "writes its own table \(result.faults.last?.writesOwnTable ?? false)",
    ]
    switch result.outcome {
    case .ok: break
    case .exception(_, let code, let address, _): lines.append("exception \(hex(code)) \(hex(address ?? 0))")
    case .vmExit(.vmx(let reason, let qualification, let address), _):
      lines.append("exit \(hex(reason)) \(hex(qualification)) \(hex(address ?? 0))")
    case .vmExit(.svm(let code, let info1, let info2), _):
      lines.append("exit \(hex(code)) \(hex(info1)) \(hex(info2))")
    default: lines.append("\(result.outcome)")
    }
    return lines + changes.map { "changed \(hex($0.key)) to \(hex($0.value))" }.sorted()
  }
}
