/// What waits to be written.
struct WriteQueue {
  struct Unit {
    let writes: [Write]
    let cost: Int
    let group: Int
    /// Nil when the unit was acknowledged already.
    let completion: SessionStore.Completion?
  }

  enum Wakeup: Int, Comparable {
    case never, later, now

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  private let maximumUnits: Int
  private let maximumBytes: Int
  private(set) var units: [Unit] = []
  private(set) var bytes = 0
  /// When the next commit is to be.
  var wakeup = Wakeup.never
  var isClosed = false
  private var isCommitting = false
  /// Why the last commit failed; nil if it did not.
  private(set) var failure: StoreError?

  init(maximumUnits: Int, maximumBytes: Int) {
    self.maximumUnits = maximumUnits
    self.maximumBytes = maximumBytes
  }

  /// Why a unit cannot be taken in; nil if it can.
  func refusal(of cost: Int) -> StoreError? {
    if isClosed { return .closed }
    let hasRoom = units.isEmpty || (units.count < maximumUnits && bytes + cost <= maximumBytes)
    return hasRoom ? nil : failure ?? .overloaded
  }

  mutating func append(_ unit: Unit) {
    units.append(unit)
    bytes += unit.cost
  }

  /// Whether half of the room is taken.
  var isFilling: Bool { units.count > maximumUnits / 2 || bytes > maximumBytes / 2 }

  /// Whether everything that was taken in has ended.
  var isSettled: Bool { units.isEmpty && !isCommitting }

  /// Begins a commit of all that waits, unless nothing does.
  mutating func takeAll() -> [Unit] {
    defer { (units, bytes) = ([], 0) }
    isCommitting = !units.isEmpty
    wakeup = .never
    return units
  }

  /// Ends a commit; how the one before ended.
  mutating func end(with failure: StoreError?) -> StoreError? {
    defer { self.failure = failure }
    isCommitting = false
    return self.failure
  }

  /// Puts units back that were acknowledged and not written: they come before all others.
  mutating func putBack(_ failed: [Unit]) {
    units = failed + units
    bytes += failed.reduce(0) { $0 + $1.cost }
  }
}
