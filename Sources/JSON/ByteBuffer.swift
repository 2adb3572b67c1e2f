/// The bytes that a ``JSONWriter`` has written.
///
/// Each function makes room once for all that it appends, and then stores without further checks; an array would check
/// its owner, its room and its bounds for each byte. All that is unsafe about that is in this file.
@usableFromInline
@safe
struct ByteBuffer: ~Copyable {
  @usableFromInline var start: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  /// How many bytes there are.
  @usableFromInline var count = 0
  /// Whether the memory is the buffer's own, which gives it back.
  @usableFromInline var isOwner = true

  @usableFromInline
  init(capacity: Int) {
    self.capacity = max(capacity, 64)
    unsafe start = .allocate(capacity: self.capacity)
  }

  /// A buffer in memory that somebody else gives back, but not before the buffer is gone.
  private init(in memory: UnsafeMutablePointer<UInt8>, capacity: Int) {
    unsafe start = memory
    self.capacity = capacity
    isOwner = false
  }

  /// The bytes that `write` writes into a buffer. If there are at most `capacity` of them, they are written where they stay.
  @usableFromInline
  static func bytes(capacity: Int, _ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var bytes: [UInt8] = []
    var more: [UInt8]?
    // An initializer that is given a capacity looks its type up at run time, which takes longer than all else here.
    bytes.append(addingCapacity: max(capacity, 64)) { span in
      unsafe span.withUnsafeMutableBufferPointer { memory, count in
        guard let start = memory.baseAddress else { return }
        var json = JSONWriter(buffer: unsafe ByteBuffer(in: start, capacity: memory.count))
        write(&json)
        if json.buffer.isOwner { more = json.buffer.bytes } else { count = json.count }
      }
    }
    return more ?? bytes
  }

  @inlinable
  deinit {
    if isOwner { unsafe start.deallocate() }
  }

  /// A copy of the bytes.
  @usableFromInline
  var bytes: [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }

  /// Makes room for `size` more bytes, puts a comma there if one is needed, and gives the place behind it.
  @inlinable @inline(__always)
  mutating func makeRoom(_ size: Int, afterComma needsComma: Bool) -> End {
    if capacity &- count < size { grow(size) }
    var end = unsafe End(place: start + count)
    end.store(UInt8(ascii: ","), if: needsComma)
    return end
  }

  /// Takes what has been stored up to a place.
  @inlinable @inline(__always)
  mutating func take(upTo end: End) {
    count = unsafe end.place - start
  }

  @usableFromInline @inline(never)
  mutating func grow(_ size: Int) {
    let larger = max(2 * capacity, count + size)
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    unsafe moved.initialize(from: start, count: count)
    if isOwner { unsafe start.deallocate() }
    unsafe start = moved
    capacity = larger
    isOwner = true
  }

  /// Where the next byte goes, as long as there is room. It stands in a register; the buffer's own count would have to be
  /// read again after each byte, which might have changed it for all that the compiler knows.
  @usableFromInline
  @safe
  struct End {
    @usableFromInline var place: UnsafeMutablePointer<UInt8>

    @inlinable @inline(__always)
    init(place: UnsafeMutablePointer<UInt8>) { unsafe self.place = place }

    /// Stores a byte, and keeps it if it is wanted.
    @inlinable @inline(__always)
    mutating func store(_ byte: UInt8, if isWanted: Bool = true) {
      unsafe place.pointee = byte
      unsafe place += isWanted ? 1 : 0
    }

    /// Stores the bytes of `word`, the lowest first, and keeps `size` of them.
    @inlinable @inline(__always)
    mutating func store(_ word: UInt64, keeping size: Int = 8) {
      unsafe UnsafeMutableRawPointer(place).storeBytes(of: word.littleEndian, as: UInt64.self)
      unsafe place += size
    }

    /// Stores bytes that lie somewhere else.
    @inlinable @inline(__always)
    mutating func store(_ bytes: UnsafePointer<UInt8>, _ size: Int) {
      unsafe place.initialize(from: bytes, count: size)
      unsafe place += size
    }

    /// Stores a literal. Where the call is inlined its length is a constant, and copying it a few stores.
    @inlinable @inline(__always)
    mutating func store(_ literal: StaticString) {
      unsafe store(literal.utf8Start, literal.utf8CodeUnitCount)
    }
  }
}

// MARK: Literals and bytes

extension ByteBuffer {
  /// A byte.
  @inlinable @inline(__always)
  mutating func append(_ byte: UInt8, afterComma needsComma: Bool = false) {
    var end = makeRoom(2, afterComma: needsComma)
    end.store(byte)
    take(upTo: end)
  }

  /// A literal.
  @inlinable @inline(__always)
  mutating func append(_ literal: StaticString, afterComma needsComma: Bool) {
    var end = makeRoom(literal.utf8CodeUnitCount + 1, afterComma: needsComma)
    end.store(literal)
    take(upTo: end)
  }

  /// A literal between quotation marks.
  @inlinable @inline(__always)
  mutating func append(quoted literal: StaticString, afterComma needsComma: Bool) {
    var end = makeRoom(literal.utf8CodeUnitCount + 3, afterComma: needsComma)
    end.store(UInt8(ascii: "\""))
    end.store(literal)
    end.store(UInt8(ascii: "\""))
    take(upTo: end)
  }

  /// A literal between quotation marks, and a colon.
  @inlinable @inline(__always)
  mutating func append(key literal: StaticString, afterComma needsComma: Bool) {
    var end = makeRoom(literal.utf8CodeUnitCount + 4, afterComma: needsComma)
    end.store(UInt8(ascii: "\""))
    end.store(literal)
    end.store(UInt8(ascii: "\""))
    end.store(UInt8(ascii: ":"))
    take(upTo: end)
  }

  /// At most `capacity` bytes between quotation marks, written in place.
  @inlinable @inline(__always)
  mutating func append(
    quotedInPlace capacity: Int, afterComma needsComma: Bool, _ write: (inout OutputSpan<UInt8>) -> Void
  ) {
    var end = makeRoom(capacity + 3, afterComma: needsComma)
    end.store(UInt8(ascii: "\""))
    let room = unsafe UnsafeMutableBufferPointer(start: end.place, count: capacity)
    var span = unsafe OutputSpan(buffer: room, initializedCount: 0)
    write(&span)
    unsafe end.place += span.finalize(for: room)
    end.store(UInt8(ascii: "\""))
    take(upTo: end)
  }

  /// Bytes as they are.
  @usableFromInline
  mutating func append(_ bytes: Span<UInt8>, afterComma needsComma: Bool) {
    var end = makeRoom(bytes.count + 1, afterComma: needsComma)
    unsafe bytes.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { unsafe end.store(first, source.count) }
    }
    take(upTo: end)
  }
}

// MARK: Numbers

extension ByteBuffer {
  /// An integer in decimal.
  @usableFromInline
  mutating func append(decimal value: Int, afterComma needsComma: Bool) {
    var end = makeRoom(24, afterComma: needsComma)
    end.store(UInt8(ascii: "-"), if: value < 0)
    var rest = value.magnitude
    if rest < 10 {
      end.store(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest))
      return take(upTo: end)
    }
    var size = 2
    var bound: UInt = 100
    while size < 19, rest >= bound {
      size += 1
      bound *= 10
    }
    for index in (0..<size).reversed() {
      unsafe end.place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    unsafe end.place += size
    take(upTo: end)
  }

  /// A word between quotation marks: `0x` and hexadecimal digits without leading zeros.
  @usableFromInline
  mutating func append(hexadecimal value: UInt64, afterComma needsComma: Bool) {
    var end = makeRoom(32, afterComma: needsComma)
    // "0x and, if that is all, a digit and "
    end.store(0x22_3078_3022 | value << 24, keeping: value > 9 ? 3 : 5)
    guard value > 9 else { return take(upTo: end) }
    let size = (67 - (value | 1).leadingZeroBitCount) >> 2
    let low = Self.digits(UInt32(truncatingIfNeeded: value))
    if size > 8 {
      end.store(
        Self.digits(UInt32(truncatingIfNeeded: value >> 32)) >> UInt64(8 * (16 - size)), keeping: size - 8)
      end.store(low)
    } else {
      end.store(low >> UInt64(8 * (8 - size)), keeping: size)
    }
    end.store(UInt8(ascii: "\""))
    take(upTo: end)
  }

  /// The bytes of two words between quotation marks, two hexadecimal digits each, the lowest of the first word first.
  @usableFromInline
  mutating func append(hexadecimal first: UInt64, _ second: UInt64, afterComma needsComma: Bool) {
    var end = makeRoom(40, afterComma: needsComma)
    end.store(UInt8(ascii: "\""))
    for word in [first.byteSwapped, second.byteSwapped] {
      end.store(Self.digits(UInt32(truncatingIfNeeded: word >> 32)))
      end.store(Self.digits(UInt32(truncatingIfNeeded: word)))
    }
    end.store(UInt8(ascii: "\""))
    take(upTo: end)
  }

  /// The eight hexadecimal digits of a word, as bytes of which the lowest is the first digit.
  @inline(__always)
  private static func digits(_ word: UInt32) -> UInt64 {
    var nibbles = UInt64(word)
    nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff
    nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff
    nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f
    // 1 in each byte that needs a letter: only from 10 on does adding 6 carry into the byte's upper half.
    let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    let distance = UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
    return (nibbles &+ 0x3030_3030_3030_3030 &+ letters &* distance).byteSwapped
  }
}

// MARK: Text

extension ByteBuffer {
  /// UTF-8 between quotation marks, escaped where RFC 8259, section 7, asks for it.
  @usableFromInline
  mutating func append(text: Span<UInt8>, afterComma needsComma: Bool) {
    unsafe text.withUnsafeBufferPointer { unsafe append(text: $0, afterComma: needsComma) }
  }

  /// A string between quotation marks, escaped likewise.
  @usableFromInline
  mutating func append(text: String, afterComma needsComma: Bool) {
    var text = text
    text.withUTF8 { unsafe append(text: $0, afterComma: needsComma) }
  }

  private mutating func append(text: UnsafeBufferPointer<UInt8>, afterComma needsComma: Bool) {
    var end = makeRoom(text.count + 16, afterComma: needsComma)
    end.store(UInt8(ascii: "\""))
    let copied = unsafe Self.copy(text, to: end.place)
    unsafe end.place += copied
    if copied == text.count { end.store(UInt8(ascii: "\"")) }
    take(upTo: end)
    if copied < text.count { unsafe escape(text, from: copied) }
  }

  /// Copies a text up to a piece of it in which something needs to be escaped, and gives the number of bytes copied. Seven
  /// bytes more may be written.
  @inline(__always)
  private static func copy(_ text: UnsafeBufferPointer<UInt8>, to start: UnsafeMutablePointer<UInt8>) -> Int {
    guard let first = text.baseAddress else { return 0 }
    let (source, size) = unsafe (UnsafeRawPointer(first), text.count)
    let target = UnsafeMutableRawPointer(start)
    var place = 0
    while place < size {
      // The last bytes may be taken together with some before them, which are the same then.
      switch size {
      case 16...:
        let start = min(place, size &- 16)
        let words = unsafe source.loadUnaligned(fromByteOffset: start, as: SIMD2<UInt64>.self)
        if needsEscape(words) { return place }
        unsafe target.storeBytes(of: words, toByteOffset: start, as: SIMD2<UInt64>.self)
        place &+= 16
      case 8...:
        let start = min(place, size &- 8)
        let word = unsafe source.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        if needsEscape(word) { return place }
        unsafe target.storeBytes(of: word, toByteOffset: start, as: UInt64.self)
        place &+= 8
      default:
        let word = unsafe Self.word(of: source, size)
        let spaces: UInt64 = 0x2020_2020_2020_2020
        if needsEscape(word | spaces &<< UInt64(8 &* size)) { return place }
        unsafe target.storeBytes(of: word.littleEndian, toByteOffset: 0, as: UInt64.self)
        place = size
      }
    }
    return size
  }

  /// One to seven bytes, the first of them lowest, and zeros.
  @inline(__always)
  private static func word(of text: UnsafeRawPointer, _ size: Int) -> UInt64 {
    func part<Part: FixedWidthInteger>(at place: Int, _ type: Part.Type) -> UInt64 {
      let part = unsafe Part(littleEndian: text.loadUnaligned(fromByteOffset: place, as: type))
      return UInt64(truncatingIfNeeded: part) &<< UInt64(8 &* place)
    }
    // Parts overlap where they are the same.
    if size >= 4 { return part(at: 0, UInt32.self) | part(at: size &- 4, UInt32.self) }
    return part(at: 0, UInt8.self) | part(at: size / 2, UInt8.self) | part(at: size &- 1, UInt8.self)
  }

  /// Whether one of sixteen bytes needs to be escaped.
  @inline(__always)
  private static func needsEscape(_ words: SIMD2<UInt64>) -> Bool {
    let ones = SIMD2<UInt64>(repeating: 0x0101_0101_0101_0101)
    let quote = words ^ ones &* UInt64(UInt8(ascii: "\""))
    let backslash = words ^ ones &* UInt64(UInt8(ascii: "\\"))
    // A byte's top bit is set only by subtraction from a lesser byte.
    let found =
      (words &- ones &* 0x20) & ~words | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
    return (found[0] | found[1]) & 0x8080_8080_8080_8080 != 0
  }

  /// Whether one of eight bytes needs to be escaped.
  @inline(__always)
  private static func needsEscape(_ word: UInt64) -> Bool { needsEscape(SIMD2(word, word)) }

  /// Appends the rest of a text behind its first `start` bytes, and the quotation mark after it.
  @inline(never)
  private mutating func escape(_ text: UnsafeBufferPointer<UInt8>, from start: Int) {
    for place in start..<text.count {
      let byte = unsafe text[place]
      let letter = Self.escapes[Int(byte)]
      var end = makeRoom(16, afterComma: false)
      if letter != 0 { end.store(UInt8(ascii: "\\")) }
      end.store(letter == 0 ? byte : letter)
      if letter == UInt8(ascii: "u") {
        end.store(0x3030, keeping: 2)
        end.store(Self.digits(UInt32(byte)) >> 48, keeping: 2)
      }
      take(upTo: end)
    }
    append(UInt8(ascii: "\""))
  }

  /// What follows the backslash for each byte that is escaped; 0 for the others.
  private static let escapes: [UInt8] = (0...UInt8.max).map { byte in
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
    case 0x08: UInt8(ascii: "b")
    case 0x09: UInt8(ascii: "t")
    case 0x0a: UInt8(ascii: "n")
    case 0x0c: UInt8(ascii: "f")
    case 0x0d: UInt8(ascii: "r")
    case ..<0x20: UInt8(ascii: "u")
    default: 0
    }
  }
}
