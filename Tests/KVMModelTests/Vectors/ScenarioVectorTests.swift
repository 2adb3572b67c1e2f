import KVMModel
import Testing

/// Sequences of operations against what the kernel's own code answered.
@Suite struct ScenarioVectorTests {
  @Test func everyScenarioAgrees() throws {
    var operations = 0
    let records = try Vector.records("scenarios")
    for record in records {
      let config = record["config"]
      var machine = VirtualMachine(machine: config.machine(memory: record["mem"]), boot: .reset)
      try compare(machine, record["init"], "record \(record["id"].number) at creation")
      for (index, (step, want)) in zip(record["ops"].array, record["results"].array).enumerated() {
        if want["r"].text == "skipped" { continue }
        let place = "record \(record["id"].number) op \(index) \(step.json ?? "")"
        let result = try machine.apply(step.operation(config: config))
        #expect(text(result.outcome) == expected(want["r"].text), "\(place)")
        #expect(result.tlb.map(Self.text) == want["tlb"].array.map(\.text), "\(place)")
        try compare(machine, want["state"], place)
        operations += 1
      }
    }
    #expect(records.count == 60)
    #expect(operations > 1000)
  }

  private func compare(_ machine: VirtualMachine, _ state: Vector, _ place: String) throws {
    let got = StateText.lines(machine)
    let want = StateText.lines(state)
    let differences = zip(want, got).filter { $0 != $1 }.map { "kernel: \($0)\nmodel:  \($1)" }
    try #require(
      differences.isEmpty && got.count == want.count,
      "\(place)\n\(differences.joined(separator: "\n"))\n\(got.count) and \(want.count) lines")
  }

  private func expected(_ text: String) -> String {
    text == "ok_retry" ? "ok" : text == "vmfail_invalid" ? "vmfail" : text
  }

  private func text(_ outcome: Outcome) -> String {
    switch outcome {
    case .ok: "ok"
    case .exception(.generalProtection, _, _, _): "gp"
    case .exception(let vector, _, _, _): vector == .undefinedOpcode ? "ud" : "pf"
    case .invalid: "einval"
    case .vmFail(let error, _): error.map { "vmfail:\($0.rawValue)" } ?? "vmfail"
    case .entryFailed(let reason, let qualification, _): "entry_failed:\(hex(reason)):\(qualification)"
    case .vmExit(.vmx(let reason, _, _), _): "vmexit:\(reason)"
    case .vmExit(.svm(let code, _, _), _): "vmexit:\(Int64(bitPattern: code))"
    case .shutdown: "shutdown"
    case .internalError: "internal_error"
    }
  }

  static func text(_ call: TLBCall) -> String {
    switch call {
    case .flushAll: "flush_tlb_all"
    case .flushCurrent: "flush_tlb_current"
    case .flushGuest: "flush_tlb_guest"
    case .flushGVA(let gva): "flush_tlb_gva:\(hex(gva))"
    case .loadMMUPGD(let root, let level): "load_mmu_pgd:\(hex(root.rawValue)):\(level)"
    case .invvpid(let type, let vpid): "invvpid:\(type):\(vpid)"
    case .invept(let type, let eptp): "invept:\(type):\(hex(eptp))"
    }
  }
}
