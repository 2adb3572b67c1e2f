/// What is written down while an operation runs. Parts that nobody asked for cost a test of one bit.
struct Transcript: Sendable, Hashable {
  let detail: Detail
  private(set) var steps: [NarrationStep] = []
  var lookups: [RootLookup] = []
  var tlb: [TLBCall] = []
  var walkSteps: [WalkStep] = []
  var memoryChanges: [MemoryChange] = []
  var trace: [String] = []
  /// What a walk that was asked for found.
  var walk: WalkReport?
  /// What a mapping that was asked for wrote.
  var map: MapReport?
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
    if steps.isEmpty { steps.reserveCapacity(32) }
    steps.append(
      NarrationStep(function: function, depth: depth, text: text, effect: effect))
  }
}
