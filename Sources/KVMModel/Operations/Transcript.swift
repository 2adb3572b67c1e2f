/// What is written down while an operation runs. Parts that nobody asked for cost a test of one bit.
struct Transcript: Sendable, Hashable {
  private(set) var detail: Detail = []
  /// The result, as far as it is written.
  var result = OperationResult(outcome: .ok)
  /// What kept a guest's write from memory: the operation is taken back.
  var memoryRefusal: MemoryRefusal?
  /// Table entries read so far.
  var references = 0
  /// How many walks are under way around this one.
  var nesting = 0
  private(set) var depth = 0

  /// Begins with an empty result, with room for what is wanted.
  mutating func begin(_ detail: Detail) {
    self.detail = detail
    result.reserve(for: detail)
  }

  /// Gives the result away with how it ended, and is then as new.
  mutating func end(_ outcome: consuming Outcome) -> OperationResult {
    result.outcome = outcome
    detail = []
    memoryRefusal = nil
    references = 0
    nesting = 0
    depth = 0
    return exchange(&result, with: OperationResult(outcome: .ok))
  }

  mutating func enter(_ function: String, _ text: inout Text, _ effect: Effect?) {
    append(function, &text, effect)
    depth += 1
  }

  mutating func leave() { depth -= 1 }

  mutating func append(_ function: String, _ text: inout Text, _ effect: Effect?) {
    result.narration.append(function, depth: depth, &text, effect)
  }

  /// Gives the last fault what was written down since it began.
  mutating func closeFault(stepsFrom step: Int, changesFrom change: Int) {
    guard !result.faults.isEmpty else { return }
    result.faults[result.faults.count - 1].steps = Array(result.walkSteps[step...])
    result.faults[result.faults.count - 1].memoryChanges = Array(result.memoryChanges[change...])
    result.walkSteps.removeSubrange(step...)
  }
}
