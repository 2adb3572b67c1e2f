/// Decisions taken from an input's bytes; when they are used up, every decision is the first one.
public struct ByteSource {
  private let bytes: [UInt8]
  private var position = 0

  /// Decisions by these bytes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether no byte is left.
  public var isEmpty: Bool { position >= bytes.count }

  /// The next byte, 0 after the last.
  public mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    position += 1
    return bytes[position - 1]
  }

  /// A number from 0 up to `bound`, which is at most 256.
  public mutating func number(below bound: Int) -> Int { Int(byte()) % bound }

  /// Eight bytes as a word, the lowest first.
  public mutating func word() -> UInt64 {
    (0..<8).reduce(0) { word, index in word | UInt64(byte()) << (8 * UInt64(index)) }
  }

  /// One of these elements.
  public mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[number(below: elements.count)]
  }

  /// True in `percent` of a hundred.
  public mutating func flag(_ percent: Int = 50) -> Bool { Int(byte()) * 100 >= 256 * (100 - percent) }
}
