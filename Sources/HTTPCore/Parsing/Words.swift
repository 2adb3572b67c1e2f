/// Eight bytes as one number, so that they can be looked at together; the first is in the lowest bits.
extension Span<UInt8> {
  /// The eight bytes from `index` on, all of which must be there.
  @inline(__always) package func word(at index: Int) -> UInt64 {
    // `unsafe`: every eight bytes are a number, and the call checks that they are within the span.
    UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  /// The bytes of `range`, at most eight, filled up with zeros.
  @inline(__always) func word(of range: ByteRange) -> UInt64 {
    let (start, length) = (range.lowerBound, range.count)
    if start <= count - 8 {
      return length < 8 ? word(at: start) & (1 << UInt64(8 * length) - 1) : word(at: start)
    }
    var word: UInt64 = 0
    for index in 0..<length { word |= UInt64(self[start + index]) << UInt64(8 * index) }
    return word
  }

  /// Whether the bytes of `range` are those of `text`.
  func equals(_ range: ByteRange, _ text: Span<UInt8>) -> Bool {
    let (start, length) = (range.lowerBound, range.count)
    guard text.count == length else { return false }
    guard length >= 8 else { return word(of: range) == text.word(of: ByteRange(0, length)) }
    var index = 0
    while index < length - 8 {
      if word(at: start + index) != text.word(at: index) { return false }
      index += 8
    }
    return word(at: start + length - 8) == text.word(at: length - 8)
  }

  /// The first index from `start` on, but before `end`, whose byte `hits` marks; `end` if there is none.
  ///
  /// `hits` gives the highest bit of every byte that it looks for. Only the lowest of them need be right.
  @inline(__always) func firstIndex(from start: Int, to end: Int, where hits: (UInt64) -> UInt64) -> Int {
    var index = start
    // Past `end` there is mostly more of the message, so that whole words can be read to the last byte.
    while index < end, index <= count - 8 {
      let found = hits(word(at: index))
      if found != 0 { return min(index + found.trailingZeroBitCount / 8, end) }
      index += 8
    }
    while index < end, hits(UInt64(self[index])) & 0x80 == 0 { index += 1 }
    return min(index, end)
  }
}

extension ArraySlice<UInt8> {
  /// Whether these are the bytes of `text`; quicker than `==`.
  package func holds(_ text: [UInt8]) -> Bool { span.equals(ByteRange(0, count), text.span) }
}

extension UInt64 {
  /// `byte` eight times.
  @inline(__always) init(repeating byte: UInt8) { self = UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// The highest bit of each byte below `limit`, which is at most 0x80. Above the lowest of them, others may be marked.
  @inline(__always) func marks(below limit: UInt8) -> UInt64 {
    (self &- UInt64(repeating: limit)) & ~self & 0x8080_8080_8080_8080
  }

  /// The highest bit of each byte that is `byte`. Above the lowest of them, others may be marked.
  @inline(__always) func marks(of byte: UInt8) -> UInt64 {
    (self ^ UInt64(repeating: byte)).marks(below: 1)
  }

  /// The highest bit of each byte that is neither a letter, a digit nor one of `-./:;_`. Above the lowest of them, others
  /// may be marked or not.
  @inline(__always) var marksOfUnplain: UInt64 {
    let small = self | UInt64(repeating: 0x20)
    let isLetter = small.marks(from: 0x61) & ~small.marks(from: 0x7b)
    let isDigit = marks(from: 0x2d) & ~marks(from: 0x3c)
    let isNotLine = (self ^ UInt64(repeating: 0x5f)).marks(from: 1)
    return (~isLetter & ~isDigit & isNotLine | self) & 0x8080_8080_8080_8080
  }

  /// The highest bit of each byte that is neither a letter, a digit nor `-`: those that most field names are made of. Above
  /// the lowest of them, others may be marked or not.
  @inline(__always) var marksOfUnusualInName: UInt64 {
    let small = self | UInt64(repeating: 0x20)
    let isLetter = small.marks(from: 0x61) & ~small.marks(from: 0x7b)
    let isDigit = marks(from: 0x30) & ~marks(from: 0x3a)
    let isNotHyphen = (self ^ UInt64(repeating: 0x2d)).marks(from: 1)
    return (~isLetter & ~isDigit & isNotHyphen | self) & 0x8080_8080_8080_8080
  }

  /// With capital letters as small ones, where no byte is above 0x7f.
  @inline(__always) var lowercasedASCII: UInt64 {
    let isCapital = marks(from: 0x41) & ~marks(from: 0x5b) & 0x8080_8080_8080_8080
    return self | isCapital >> 2
  }

  /// The highest bit of each byte that is at least `limit`, where no byte is above 0x7f.
  @inline(__always) private func marks(from limit: UInt8) -> UInt64 {
    self &+ UInt64(repeating: 0x80 - limit)
  }

  /// The word of up to eight ASCII characters.
  init(ascii text: String) {
    self = text.utf8.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// A range of a message's bytes. Messages are shorter than 4 GiB.
struct ByteRange: Sendable, Equatable {
  private let start, end: UInt32

  /// No bytes.
  init() { (start, end) = (0, 0) }

  @inline(__always) init(_ start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.end = UInt32(truncatingIfNeeded: end)
  }

  @inline(__always) var lowerBound: Int { Int(start) }
  @inline(__always) var upperBound: Int { Int(end) }
  @inline(__always) var count: Int { Int(end) &- Int(start) }
  @inline(__always) var isEmpty: Bool { start == end }
}
