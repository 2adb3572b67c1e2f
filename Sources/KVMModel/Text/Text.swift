/// A text that is being put together, as UTF-8. As long as it is short it stands in the value itself: an operation makes
/// dozens, and memory on the heap for each would cost more than their bytes.
struct Text: Sendable {
  private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
  private static let capacity = 256

  private var short: (Words, Words, Words, Words)
  /// The number of bytes so far.
  private(set) var length = 0
  /// The whole text once it is longer than ``capacity``.
  private var long: [UInt8] = []

  init() {
    let zero: Words = (0, 0, 0, 0, 0, 0, 0, 0)
    short = (zero, zero, zero, zero)
  }

  private var isShort: Bool { length <= Self.capacity }

  /// The text as a string.
  var description: String {
    var text = self
    return unsafe text.withBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// Appends the bytes to an array.
  mutating func write(to text: inout [UInt8]) { unsafe withBytes { unsafe text.append(contentsOf: $0) } }

  @inline(__always)
  private mutating func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    guard isShort else { return unsafe long.withUnsafeBufferPointer(body) }
    let length = length
    // As mutable bytes, for others would be copied first.
    return unsafe withUnsafeMutableBytes(of: &short) { short in
      unsafe short.withMemoryRebound(to: UInt8.self) {
        unsafe body(UnsafeBufferPointer(start: $0.baseAddress, count: length))
      }
    }
  }

  @inline(never)
  private mutating func appendLong(_ bytes: UnsafeBufferPointer<UInt8>) {
    if isShort {
      var text: [UInt8] = []
      text.reserveCapacity(2 * Self.capacity)
      write(to: &text)
      long = text
    }
    unsafe long.append(contentsOf: bytes)
    length = long.count
  }
}

extension Text: TextSink {
  @inline(__always)
  mutating func append(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    guard length &+ bytes.count <= Self.capacity else { return unsafe appendLong(bytes) }
    unsafe withUnsafeMutableBytes(of: &short) { short in
      guard let source = bytes.baseAddress, let start = short.baseAddress else { return }
      unsafe (start + length).copyMemory(from: source, byteCount: bytes.count)
    }
    length &+= bytes.count
  }

  @inline(__always)
  mutating func append(_ character: UInt8) {
    unsafe withUnsafePointer(to: character) {
      unsafe append(utf8: UnsafeBufferPointer(start: $0, count: 1))
    }
  }

  /// Appends what another text has so far.
  mutating func append(contentsOf other: consuming Text) {
    unsafe other.withBytes { unsafe append(utf8: $0) }
  }
}

/// Room in a document, which texts of bounded length are written into without a copy between.
extension OutputSpan: TextSink where Element == UInt8 {
  @inline(__always)
  mutating func append(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    unsafe withUnsafeMutableBufferPointer { room, count in
      precondition(bytes.count <= room.count &- count, "the text is longer than its bound")
      guard let source = bytes.baseAddress, let start = room.baseAddress else { return }
      unsafe (start + count).initialize(from: source, count: bytes.count)
      count &+= bytes.count
    }
  }
}

/// Something that text is appended to, piece by piece.
protocol TextSink: ~Copyable, ~Escapable {
  /// Appends the bytes of a text.
  mutating func append(utf8 bytes: UnsafeBufferPointer<UInt8>)

  /// Appends an ASCII character.
  mutating func append(_ character: UInt8)
}

extension TextSink where Self: ~Copyable & ~Escapable {
  /// Appends a literal. Where the call is inlined its length is a constant, and copying it a few stores.
  @inline(__always)
  mutating func append(_ literal: StaticString) {
    // A literal's bytes are immortal, and lie in one piece only in this unsafe view.
    literal.withUTF8Buffer { unsafe append(utf8: $0) }
  }

  /// Appends a text.
  mutating func append(contentsOf text: String) {
    var text = text
    text.withUTF8 { unsafe append(utf8: $0) }
  }

  /// Appends a text.
  mutating func append(utf8 bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(utf8: $0) }
  }

  /// Appends a number as ``hex(_:)`` writes it.
  mutating func append(hex value: UInt64) {
    append("0x")
    append(digits: value)
  }

  /// Appends a number's hexadecimal digits, at least so many, 1 to 16.
  mutating func append(digits value: UInt64, atLeast minimum: Int = 1) {
    if value < 16 && minimum == 1 {
      return append(hexDigit(UInt8(truncatingIfNeeded: value)))
    }
    let count = max(minimum, (67 - value.leadingZeroBitCount) >> 2)
    let digits = (
      hexDigits(UInt32(truncatingIfNeeded: value &>> 32)).bigEndian,
      hexDigits(UInt32(truncatingIfNeeded: value)).bigEndian
    )
    unsafe withUnsafeBytes(of: digits) { digits in
      unsafe digits.withMemoryRebound(to: UInt8.self) {
        unsafe append(utf8: UnsafeBufferPointer(rebasing: $0[(16 - count)...]))
      }
    }
  }

  /// Appends a number in decimal.
  mutating func append(decimal value: some BinaryInteger) {
    if let digit = UInt8(exactly: value), digit < 10 {
      append(digits: UInt64(digit))
    } else {
      append(contentsOf: String(value))
    }
  }
}

/// The eight hexadecimal digits of a number as characters, the first in the highest byte.
private func hexDigits(_ value: UInt32) -> UInt64 {
  var digits = UInt64(value)
  digits = (digits | digits &<< 16) & 0x0000_ffff_0000_ffff
  digits = (digits | digits &<< 8) & 0x00ff_00ff_00ff_00ff
  digits = (digits | digits &<< 4) & 0x0f0f_0f0f_0f0f_0f0f
  // A digit above 9 carries into the bit above it when 6 is added.
  let letters = (digits &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
  return digits &+ 0x3030_3030_3030_3030 &+ letters &* 39
}
