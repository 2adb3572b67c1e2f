/// What is written down while an operation runs. Parts that nobody asked for cost a test of one bit.
struct Transcript: Sendable, Hashable {
  let detail: Detail
  /// The result, as far as it is written.
  var result = OperationResult(outcome: .ok)
  /// Table entries read so far.
  var references = 0
  /// How many walks are under way around this one.
  var nesting = 0
  private(set) var depth = 0

  init(detail: Detail) { self.detail = detail }

  mutating func enter(_ function: String, _ text: Sentence, _ effect: Effect?) {
    append(function, text, effect)
    depth += 1
  }

  mutating func leave() { depth -= 1 }

  mutating func append(_ function: String, _ text: Sentence, _ effect: Effect?) {
    if result.narration.isEmpty { result.narration.reserveCapacity(32) }
    result.narration.append(
      NarrationStep(function: function, depth: depth, text: text, effect: effect))
  }

  /// Gives the last fault what was written down since it began.
  mutating func closeFault(stepsFrom step: Int, changesFrom change: Int) {
    guard !result.faults.isEmpty else { return }
    result.faults[result.faults.count - 1].steps = Array(result.walkSteps[step...])
    result.faults[result.faults.count - 1].memoryChanges = Array(result.memoryChanges[change...])
    result.walkSteps.removeSubrange(step...)
  }
}
