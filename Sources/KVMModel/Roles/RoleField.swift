/// One named bit field of a role union.
public struct RoleField: Sendable, Hashable {
  /// How the field's number is to be read.
  public enum Kind: Sendable, Hashable {
    /// One bit, written as a Boolean.
    case flag
    /// A small unsigned number.
    case number
    /// Access bits, written with a letter or `-` for each.
    case access(AccessEncoding)
    /// The whole of another union, 32 bits.
    case union(RoleLayout.Union)
  }

  /// The name in the kernel's union.
  public let name: String
  /// The name's UTF-8, made once for writers.
  public let nameUTF8: [UInt8]
  /// The position of the least significant bit, 0 to 63.
  public let shift: Int
  /// The number of bits, 1 to 32.
  public let width: Int
  /// How the value is read.
  public let kind: Kind

  init(_ name: String, shift: Int, width: Int) {
    self.name = name
    self.nameUTF8 = Array(name.utf8)
    self.shift = shift
    self.width = width
    kind =
      switch (name, width) {
      case ("base", 32): .union(.pageRole)
      case ("ext", 32): .union(.extendedRole)
      case ("access", 3): .access(.xwu)
      case ("access", _): .access(.rwux)
      case (_, 1): .flag
      default: .number
      }
  }

  /// The greatest value that fits.
  public var maximum: UInt64 { 1 &<< UInt64(truncatingIfNeeded: width) &- 1 }

  /// The field's bits within its union.
  public var mask: UInt64 { maximum &<< UInt64(truncatingIfNeeded: shift) }

  /// The field's value in a word of its union.
  @inlinable
  public func value(in word: UInt64) -> UInt64 {
    (word >> UInt64(truncatingIfNeeded: shift)) & ((1 << UInt64(truncatingIfNeeded: width)) &- 1)
  }

  /// The field's value as it is written in documents.
  public func rendered(in word: UInt64) -> RoleFieldValue {
    let value = value(in: word)
    return switch kind {
    case .flag: .flag(value != 0)
    case .number, .union: .number(value)
    case .access(let encoding): .access(encoding.text(value))
    }
  }
}

/// A field's value, as it is written in documents and given to an encoder.
public enum RoleFieldValue: Sendable, Hashable {
  /// A one-bit field.
  case flag(Bool)
  /// A number; an encoder takes it for every kind of field.
  case number(UInt64)
  /// Access bits in letters, as `w-x`.
  case access(String)
}

/// How the access bits of a page role are numbered, and how the kernel's trace writes them.
public enum AccessEncoding: Sendable, Hashable {
  /// Up to 7.1: bit 0 x, 1 w, 2 u (`ACC_EXEC_MASK`, `ACC_WRITE_MASK`, `ACC_USER_MASK`); written `wux`.
  case xwu
  /// From 7.2 on: bit 0 r, 1 w, 2 u, 3 x; written `rwux`.
  case rwux

  /// What one access bit grants: in x86 tables, and in EPT tables.
  struct Bit: Sendable {
    let letter: String
    let bit: UInt64
    let meaning: String
    let eptMeaning: String
  }

  /// The bits in the order in which the trace writes their letters.
  var bits: [Bit] {
    switch self {
    case .xwu:
      [
        Bit(letter: "w", bit: 1, meaning: "writable", eptMeaning: "writable"),
        Bit(letter: "u", bit: 2, meaning: "user", eptMeaning: "readable"),
        Bit(letter: "x", bit: 0, meaning: "executable", eptMeaning: "executable"),
      ]
    case .rwux:
      [
        Bit(letter: "r", bit: 0, meaning: "readable", eptMeaning: "readable"),
        Bit(letter: "w", bit: 1, meaning: "writable", eptMeaning: "writable"),
        Bit(letter: "u", bit: 2, meaning: "user", eptMeaning: "executable in user mode"),
        Bit(letter: "x", bit: 3, meaning: "executable", eptMeaning: "executable in supervisor mode"),
      ]
    }
  }

  /// The letters of every value, in order of value.
  public var spellings: [String] { self == .xwu ? xwuSpellings : rwuxSpellings }

  /// The letters of a value, as `w-x` for 3 of ``xwu``; bits beyond the encoding are ignored.
  public func text(_ value: UInt64) -> String {
    let spellings = spellings
    return spellings[Int(value) & (spellings.count - 1)]
  }

  /// The value of a text as ``text(_:)`` writes it, or `nil`.
  public func value(_ text: String) -> UInt64? { spellings.firstIndex(of: text).map(UInt64.init) }

  fileprivate func spelledOut() -> [String] {
    (0..<UInt64(1) << UInt64(bits.count)).map { value in
      bits.map { value >> $0.bit & 1 == 1 ? $0.letter : "-" }.joined()
    }
  }
}

private let xwuSpellings = AccessEncoding.xwu.spelledOut()
private let rwuxSpellings = AccessEncoding.rwux.spelledOut()
