import JSON
import Testing

@testable import Labs

@Suite("Conditions of any text")
struct RandomConditionTests {
  /// xorshift64*
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 0x2545_f491_4f6c_dd1d
    }
  }

  private let words = [
    "any", "all", "count", "(", ")", "[", "]", ",", ":", ".", "a", "b", "in", "has", "and", "or", "not", "==",
    "!=", "<", "<=",
    ">", ">=", "vcpu", "attempts", "history", "result", "0x10", "7", "true", "null", "\"x\"", "'", "cr4",
    "list", "${", "é",
  ]

  @Test("are refused or answered, and never trap")
  func random() throws {
    let seed = UInt64.random(in: 1...UInt64.max)
    var generator = Generator(state: seed)
    let vcpu = try json(#"{"cr4": "0x20", "list": [1, "x", {"a": null}], "a": {"b": true}}"#)
    var answered = 0
    for round in 0..<20_000 {
      let length = Int.random(in: 1...14, using: &generator)
      let text = (0..<length).map { _ in words[Int.random(in: 0..<words.count, using: &generator)] }
        .joined(separator: " ")
      _ = try? Message(text)
      guard let condition = try? Condition(text) else { continue }
      var evaluator = Evaluator(history: [vcpu, .null, .array([])], attemptsStart: 1) { _ in vcpu }
      var memory = QuantifierMemory()
      let first = Result { () throws(EvaluationError) in try evaluator.holds(condition.expression, &memory) }
      var empty = QuantifierMemory()
      let second = Result { () throws(EvaluationError) in try evaluator.holds(condition.expression, &empty) }
      #expect(first == second, "seed \(seed), round \(round): \(text)")
      answered += 1
    }
    #expect(answered > 100, "seed \(seed)")
  }
}
