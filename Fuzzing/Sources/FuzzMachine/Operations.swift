/// An operation's name and its members, all of which are optional here.
private struct Form: Sendable {
  let name: String
  let members: [Member]

  init(_ name: String, _ members: [Member] = []) {
    self.name = name
    self.members = members
  }
}

private let registers: [Member] = [
  ("cr0", { $0.word([0x8005_0033, 0x8004_0033, 0x11]) }), ("cr3", { $0.root() }),
  ("cr4", { $0.word([0x20, 0xa0, 0x37_06e0, 0]) }), ("efer", { $0.word([0xd01, 0x501, 0, 0x1d01]) }),
  ("cs_l", { $0.bool() }),
]

private let forms: [Form] = [
  Form(
    "map",
    [
      ("format", { $0.name(["4-level", "ept", "pae", "32-bit", "5-level"]) }), ("root", { $0.root() }),
      ("address", { $0.address() }), ("target", { $0.address() }),
      ("size", { $0.name(["4k", "2m", "1g", "4m"]) }),
      ("tables", { $0.word([0x1_0000, 0x10_0000, 0xf000_0000]) }), ("replace", { $0.bool() }),
      ("flags", { $0.list(["RW", "US", "NX", "G", "A", "D", "R", "W", "X", "PK=3", "MT=6", "PAT"]) }),
    ]),
  Form(
    "page-fault",
    [
      ("address", { $0.address() }),
      ("error_code", { $0.word([0, 2, 4, 6, 0x10, 0x11, 0x14, 8, 3, 7, 0x20]) }),
    ]),
  Form(
    "access",
    [
      ("address", { $0.address() }), ("access", { $0.name(["read", "write", "fetch"]) }),
      ("cpl", { "\($0.source.pick([0, 3, 1]))" }), ("implicit", { $0.bool() }), ("ac", { $0.bool() }),
      ("value", { $0.word() }), ("bytes", { "\($0.source.pick([8, 4, 1, 3]))" }),
    ]),
  Form(
    "walk",
    [
      ("address", { $0.address() }), ("access", { $0.name(["read", "write", "fetch"]) }),
      ("user", { $0.bool() }),
      ("implicit", { $0.bool() }), ("ac", { $0.bool() }), ("space", { $0.name(["virtual", "l2-physical"]) }),
      ("inject", { $0.bool() }), ("exit_qualification", { $0.word() }),
    ]),
  Form(
    "write-memory",
    [
      ("gpa", { $0.root() }), ("words", { "[\($0.word()),\($0.word())]" }),
      ("word_bytes", { "\($0.source.pick([8, 4]))" }),
    ]),
  Form("zap-all"),
  Form("set-cr", [("register", { $0.name(["cr3", "cr0", "cr4"]) }), ("value", { $0.root() })]),
  Form(
    "set-cr",
    [
      ("register", { $0.name(["cr4", "cr0"]) }),
      ("set", { $0.list(["PCIDE", "SMEP", "SMAP", "PG", "WP", "PAE", "VMXE"]) }),
      ("clear", { $0.list(["PG", "WP", "PKE", "LA57", "PSE", "PGE"]) }),
    ]),
  Form("set-efer", [("value", { $0.word([0xd01, 0x501, 0, 0x1d01]) })]),
  Form("set-pkru", [("value", { $0.word([0, 0xc, 0xffff_ffff]) })]),
  Form("set-cs", [("l", { $0.bool() })]),
  Form("set-sregs", registers),
  Form(
    "set-cpuid",
    [
      ("maxphyaddr", { "\($0.source.pick([36, 46, 52]))" }), ("la57", { $0.bool() }), ("nx", { $0.bool() }),
      ("lm", { $0.bool() }), ("gbpages", { $0.bool() }), ("pku", { $0.bool() }),
    ]),
  Form("smm-enter"), Form("smm-leave"), Form("enter-guest"), Form("vmxon"), Form("vmxoff"),
  Form(
    "nested-enter",
    [
      ("ept", { $0.bool() }), ("eptp", { $0.word([0x101e, 0x105e, 0x1026]) }),
      ("vpid", { $0.word([0, 1, 0xffff]) }),
      ("pdptrs", { "[\($0.word()),\($0.word()),\($0.word()),\($0.word())]" }),
      ("l2", { $0.object(registers) }), ("host", { $0.object(registers, percent: 20) }),
    ]),
  Form("nested-enter", [("npt", { $0.bool() }), ("ncr3", { $0.root() }), ("l2", { $0.object(registers) })]),
  Form("nested-exit", [("reason", { $0.name(["EPT_VIOLATION", "x"]) })]),
  Form("ept-load", [("eptp", { $0.word([0x101e, 0x105e, 0x1026]) })]),
  Form("invlpg", [("gva", { $0.address() })]),
  Form(
    "invpcid",
    [
      ("type", { $0.word([0, 1, 2, 3]) }), ("pcid", { $0.word([0, 1, 2]) }), ("gva", { $0.address() }),
    ]),
  Form("invept", [("type", { $0.word([1, 2]) }), ("eptp", { $0.word([0x101e, 0x105e]) })]),
  Form(
    "invvpid",
    [("type", { $0.word([0, 1, 2, 3]) }), ("vpid", { $0.word([0, 1]) }), ("gva", { $0.address() })]),
  Form("invlpga", [("gva", { $0.address() }), ("asid", { $0.word([0, 1]) })]),
]

extension Choices {
  /// The body of a batch.
  mutating func batch() -> String {
    var operations: [String] = []
    while !source.isEmpty, operations.count < 40 { operations.append(operation()) }
    return "{\"operations\":[\(operations.joined(separator: ","))]}"
  }

  /// An operation. Half of them are the first few forms, which work on memory and pages.
  private mutating func operation() -> String {
    let form = source.flag() ? forms[source.number(below: 6)] : source.pick(forms)
    var members = object(form.members, percent: 90).dropFirst().dropLast()
    if !members.isEmpty { members = "," + members }
    let vcpu = source.flag(10) ? ",\"vcpu\":\(source.number(below: 3))" : ""
    return "{\"op\":\"\(form.name)\"\(vcpu)\(members)}"
  }
}
