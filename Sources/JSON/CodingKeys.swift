// The steps of a coding path that no type names itself.

/// An index into an array.
struct IndexKey: CodingKey {
  let index: Int

  init(index: Int) {
    self.index = index
  }

  init?(intValue: Int) {
    index = intValue
  }

  init?(stringValue: String) {
    guard let index = Int(stringValue) else { return nil }
    self.index = index
  }

  var intValue: Int? { index }
  var stringValue: String { String(index) }
}

/// A key that is only text.
struct TextKey: CodingKey {
  static let `super` = TextKey(stringValue: "super")

  let stringValue: String

  init(stringValue: String) {
    self.stringValue = stringValue
  }

  init?(intValue: Int) {
    return nil
  }

  var intValue: Int? { nil }
}
