extension Choices {
  /// The body of POST /v1/sessions without operations: `{"preset":...,"boot":...,"machine":{...}}`.
  mutating func session() -> String {
    let preset = name([
      "intel-ept", "intel-shadow", "amd-npt", "amd-shadow", "intel-ept-5level", "amd-npt-5level",
    ])
    let boot = name(["long-mode", "reset", "protected", "32-bit", "pae", "long-mode-la57"])
    return "{\"preset\":\(preset),\"boot\":\(boot),\"machine\":\(machine())}"
  }

  private mutating func flags(_ names: [String]) -> [Member] {
    names.map { ($0, { $0.bool() }) }
  }

  private mutating func machine() -> String {
    let hostNumbers: [Member] = [
      ("maxphyaddr", { "\($0.source.pick([46, 52, 39, 36]))" }),
      ("prefetch_pages", { "\($0.source.pick([0, 1, 8, 4]))" }),
    ]
    let host = flags(["la57", "gbpages", "ept_5level", "ept_1g", "ept_execute_only"]) + hostNumbers
    let cpuidNumbers: [Member] = [("maxphyaddr", { "\($0.source.pick([46, 52, 40, 36]))" })]
    let cpuid =
      flags(["lm", "nx", "gbpages", "pse36", "pcid", "smep", "smap", "pku", "la57", "umip"]) + cpuidNumbers
    let nested = flags(["ept", "vpid", "ept_execute_only", "ept_5level", "ept_1g", "ept_2m", "ept_ad"])
    let parts: [Member] = [
      ("prev_roots", { "\($0.source.pick([3, 1, 0, 11]))" }), ("vcpus", { "\($0.source.pick([1, 2, 4]))" }),
      ("host", { $0.object(host, percent: 15) }), ("cpuid", { $0.object(cpuid, percent: 15) }),
      ("nested", { $0.object(nested, percent: 20) }), ("memory", { $0.memory() }),
    ]
    let switches = flags(["tdp", "tdp_mmu", "ept_ad", "force_flush_and_sync_on_reuse", "auto_enter"])
    return object(switches + parts, percent: 20)
  }

  private mutating func memory() -> String {
    let words = (0..<source.number(below: 8)).map { _ in "[\(root()),\(word())]" }.joined(separator: ",")
    let slots = source.pick([
      #"{"gpa":"0x0","bytes":"0x200000"},{"gpa":"0xf0000000","bytes":"0x10000"}"#,
      #"{"gpa":"0x0","bytes":"0x40000000"}"#, #"{"gpa":"0x0","bytes":"0x1000"}"#,
      #"{"gpa":"0x1000","bytes":"0x1000"},{"gpa":"0xfffffffff000","bytes":"0x1000"}"#,
    ])
    return "{\"slots\":[\(slots)],\"words\":[\(words)]}"
  }
}
