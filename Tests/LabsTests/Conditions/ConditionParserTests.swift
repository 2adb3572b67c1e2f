import Testing

@testable import Labs

@Suite("Parsing conditions")
struct ConditionParserTests {
  private func error(_ text: String) -> ConditionError? {
    #expect(throws: ConditionError.self, "\(text)") { try Condition(text) }
  }

  @Test("and binds more strongly than or, and not more than and")
  func precedence() throws {
    let pairs = [
      ("true or false and false", "true or (false and false)"), ("not true or true", "(not true) or true"),
      ("not 1 == 2", "not (1 == 2)"), ("true and true and false", "(true and true) and false"),
    ]
    for (text, same) in pairs {
      #expect(try Condition(text).expression == Condition(same).expression, "\(text)")
    }
  }

  @Test("mistakes are told with their place")
  func mistakes() {
    let cases = [
      ("vcpu.", 5, "a name was expected"),
      ("vpcu.smm", 0, "\"vpcu\" is not known here; known are vcpu, vcpus"),
      ("vcpu.smm vcpu.smm", 9, "\"and\" or \"or\" may be missing"),
      ("(true", 5, "\")\" was expected, not the end"),
      ("any(a of history: true)", 6, "\"in\" was expected"),
      ("any(a in history true)", 17, "\":\" was expected"),
      ("all(vcpu in history: true)", 4, "has a meaning here"),
      ("any(a in history: true) and a.b", 28, "\"a\" is not known"),
      ("vcpus[x]", 6, "a number was expected"), ("1 == ", 5, "a value or a path was expected, not the end"),
      ("1 < 2 < 3", 6, "\"<\" stands where the condition could end"),
      ("", 0, "a value or a path was expected"),
      ("vcpu in [1", 10, "\"]\" was expected"), ("any(3 in history: true)", 4, "a name for the elements"),
    ]
    for (text, offset, detail) in cases {
      let found = error(text)
      #expect(found?.offset == offset, "\(text)")
      #expect(found?.detail.contains(detail) == true, "\(text): \(found?.detail ?? "")")
    }
  }

  @Test("length and depth are bounded")
  func bounds() {
    #expect(
      error(String(repeating: "true and ", count: 300) + "true")?.detail.contains("longer than") == true)
    for (open, close) in [("(", ")"), ("[", "]"), ("any(a in [1]: ", ")")] {
      let deep = String(repeating: open, count: 30) + "true" + String(repeating: close, count: 30)
      #expect(throws: ConditionError.self) { try Condition(deep) }
    }
    let wide = String(repeating: "(true) and ", count: 100) + "true"
    #expect(throws: Never.self) { try Condition(wide) }
  }

  @Test("a quantifier is closed if it speaks of its element alone")
  func closed() throws {
    let cases = [
      ("any(a in history: a.x == 1)", true), ("any(a in history: any(b in a.l: b == 1))", true),
      ("any(a in history: a.x == vcpu.smm)", false), ("count(history) == 1", true),
    ]
    for (text, isClosed) in cases {
      guard
        case .quantifier(let quantifier) = try Condition(text.replacing(" == 1)", with: " == 1)")).expression
      else {
        guard case .comparison(_, .quantifier(let quantifier), _) = try Condition(text).expression else {
          Issue.record("\(text)")
          continue
        }
        #expect(quantifier.isClosed == isClosed)
        continue
      }
      #expect(quantifier.isClosed == isClosed, "\(text)")
    }
  }

  @Test("the keys that a condition asks for")
  func keys() throws {
    let condition = try Condition("any(a in history: a.outcome.status in [vcpu.x, 1]) and not vcpus[1].y")
    #expect(condition.expression.keys == ["outcome", "status", "x", "y"])
  }
}
