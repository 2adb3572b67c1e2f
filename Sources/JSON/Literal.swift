extension StaticString {
  /// Whether these are the literal's bytes.
  @inline(__always)
  func isEqual(to bytes: Span<UInt8>) -> Bool {
    guard bytes.count == utf8CodeUnitCount else { return false }
    let start = unsafe utf8Start
    for index in bytes.indices where unsafe bytes[index] != start[index] { return false }
    return true
  }
}
