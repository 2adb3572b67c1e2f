import JSON
import Testing

@testable import Labs

@Suite("Working out conditions")
struct EvaluatorTests {
  private let vcpu = """
    {"smm": false, "cr4": "0x100020", "level": 4, "mode": "4-level", "requests": ["MMU_SYNC"], "nested": null,
     "roots": [{"valid": true, "pgd": "0x1000"}, {"valid": false, "pgd": null}],
     "big": "0xffffffffffffffff", "slot": "0"}
    """
  private let history = [
    #"{"outcome": {"status": "ok"}, "lookups": [{"result": "miss"}], "operation": {"op": "set-cr"}}"#,
    ##"{"outcome": {"status": "exception", "vector": "#GP"}, "lookups": [], "operation": {"op": "map"}}"##,
    #"{"outcome": {"status": "ok"}, "lookups": [{"result": "hit"}], "operation": {"op": "set-cr"}}"#,
  ]

  private func evaluator(attemptsStart: Int = 1) throws -> Evaluator {
    let vcpu = try json(vcpu)
    return Evaluator(history: try history.map(json), attemptsStart: attemptsStart) {
      $0 == "vcpu" ? vcpu : .null
    }
  }

  private func holds(_ text: String) throws -> Bool {
    var evaluator = try evaluator()
    var memory = QuantifierMemory()
    return try evaluator.holds(Condition(text).expression, &memory)
  }

  @Test("what holds")
  func truths() throws {
    let conditions = [
      "vcpu.cr4 == 0x100020", "vcpu.cr4 == 1048608", "vcpu.cr4 != 32", "vcpu.cr4 has 0x100000",
      "not vcpu.cr4 has 0x200000",
      "vcpu.cr4 has 0x100020 and not vcpu.cr4 has 0x100021",
      "vcpu.level > 3 and vcpu.level <= 4 and 4 >= vcpu.level",
      "vcpu.mode == \"4-level\"", "vcpu.mode == '4-level'", "not vcpu.smm", "vcpu.smm == false",
      "vcpu.requests has \"MMU_SYNC\"",
      "\"MMU_SYNC\" in vcpu.requests", "vcpu.level in [3, 4]", "not vcpu.level in [0x5]",
      "vcpu.roots[0].valid",
      "vcpu.roots[0].pgd == 0x1000", "vcpu.roots[1].pgd == null", "vcpu.roots[7].pgd == null",
      "vcpu.nested.vpid == null",
      "vcpu.big == 0xffffffffffffffff", "vcpu.big > 0x7fffffffffffffff", "vcpu.slot == \"0\"",
      "vcpu.slot != 0",
      "any(r in vcpu.roots: r.valid)", "not all(r in vcpu.roots: r.valid)",
      "count(r in vcpu.roots: r.valid) == 1",
      "count(vcpu.roots) == 2", "count(vcpu.nested) == 0", "all(r in vcpu.nested: false)",
      "not any(r in vcpu.nested: true)",
      "any(a in history: a.outcome.vector == \"#GP\")", "count(history) == 3", "count(attempts) == 2",
      "not any(a in attempts: any(l in a.lookups: l.result == \"miss\"))",
      "any(a in attempts: a.operation.op == \"set-cr\" and any(l in a.lookups: l.result == \"hit\"))",
      "history[0].operation.op == \"set-cr\"", "attempts[0].operation.op == \"map\"", "attempts[5] == null",
      "vcpu.requests == [\"MMU_SYNC\"]", "history[0].operation.register == null", "vcpu.mode < 5 or true",
      "any(r in vcpu.roots: any(s in vcpu.roots: s.valid != r.valid))", "not (vcpu.smm or vcpu.nested)",
    ]
    for condition in conditions { #expect(try holds(condition), "\(condition)") }
  }

  @Test("questions without an answer say what is wrong")
  func faults() throws {
    let cases = [
      ("vcpu.smn", "vcpu has no \"smn\"; it has smm"), ("vcpu.roots[0].pdg", "vcpu.roots[0] has no \"pdg\""),
      ("vcpu.smm.x", "vcpu.smm is a Boolean and has no \"x\""),
      ("vcpu.level[0]", "vcpu.level is a number, not a list"),
      ("vcpu.level", "a number stands where a condition is needed"),
      ("any(a in vcpu.level: true)", "any needs a list"),
      ("any(a in history: a.nothing)", "a has no \"nothing\""),
    ]
    for (text, detail) in cases {
      let error = #expect(throws: EvaluationError.self, "\(text)") { try holds(text) }
      #expect(error?.detail.contains(detail) == true, "\(text): \(error?.detail ?? "")")
    }
  }

  @Test("a costly condition is given up")
  func fuel() throws {
    let list = "[" + String(repeating: "1, ", count: 99) + "1]"
    let condition = try Condition("any(a in \(list): any(b in \(list): any(c in \(list): a.x == 2)))")
    var evaluator = try evaluator()
    var memory = QuantifierMemory()
    let error = #expect(throws: EvaluationError.self) { try evaluator.holds(condition.expression, &memory) }
    #expect(error != nil)
    let many = try Condition("any(a in \(list): any(b in \(list): any(c in \(list): c == 2)))")
    let costly = #expect(throws: EvaluationError.self) { try evaluator.holds(many.expression, &memory) }
    #expect(costly?.detail.contains("too many steps") == true)
  }

  @Test("a closed quantifier looks at each record once, and answers the same")
  func memory() throws {
    let condition = try Condition("count(a in attempts: a.outcome.status == \"ok\") == 40")
    var records: [JSONValue] = []
    var memory = QuantifierMemory()
    for number in 1...50 {
      records.append(try json(#"{"outcome": {"status": "ok"}}"#))
      var evaluator = Evaluator(history: records, attemptsStart: 0) { _ in .null }
      #expect(try evaluator.holds(condition.expression, &memory) == (number == 40))
      #expect(memory.found[0]?.seen == number)
    }
  }

  @Test("messages show values")
  func messages() throws {
    let cases = [
      ("CR4 is ${vcpu.cr4}.", "CR4 is 0x100020."), ("${vcpu.requests}, ${vcpu.nested}", "MMU_SYNC, nothing"),
      ("${count(attempts)} of ${count(r in vcpu.roots: r.valid)}", "2 of 1"),
      ("${vcpu.nonsense} $ {x}", "? $ {x}"),
      ("${vcpu.smm}", "false"), ("${vcpu.roots[0]}", "an object"),
    ]
    for (text, expected) in cases {
      var evaluator = try evaluator()
      #expect(try Message(text).text(&evaluator) == expected, "\(text)")
    }
    for (text, offset) in [("a ${vcpu", 4), ("a ${vpcu.x}", 4), ("a ${vcpu.x == }", 14)] {
      let error = #expect(throws: ConditionError.self) { try Message(text) }
      #expect(error?.offset == offset, "\(text)")
    }
  }
}
