/// Which top-level keys of a document are wanted (`?fields=`).
struct Fields: Sendable {
  /// Every key.
  static let all = Fields(chosen: nil)

  /// The keys; nil for all.
  let chosen: [String]?

  /// Whether every key is wanted.
  var isAll: Bool { chosen == nil }

  /// Whether the key is wanted.
  @inline(__always)
  func contains(_ key: String) -> Bool { isAll || isChosen(key) }

  @inline(never)
  private func isChosen(_ key: String) -> Bool { chosen?.contains(key) == true }
}
