/// A register whose bits have names, described by one table.
public protocol NamedBits: OptionSet where RawValue == UInt64 {
  /// Every named bit, lowest first.
  static var names: [(bit: Self, name: StaticString)] { get }
}

extension NamedBits {
  /// The names of the set bits, lowest first; bits without a name come last as one hexadecimal number.
  public var description: String {
    var text = Text()
    NamedBitsText(bits: self).write(to: &text)
    return text.description
  }

  /// The bit called `name`, in upper case as the manuals write it; `nil` if the register has none.
  public static func named(_ name: String) -> Self? {
    names.first { $0.name.description == name }?.bit
  }
}

/// What ``NamedBits/description`` is, in a sentence.
struct NamedBitsText<Bits: NamedBits>: TextPart {
  let bits: Bits

  func write(to text: inout Text) {
    var rest = bits.rawValue
    if rest == 0 { text.append("no bits") }
    for row in Bits.names where rest & row.bit.rawValue != 0 {
      if rest != bits.rawValue { text.append(" ") }
      text.append(row.name)
      rest &= ~row.bit.rawValue
    }
    if rest != 0 {
      if rest != bits.rawValue { text.append(" ") }
      text.append(hex: rest)
    }
  }
}

/// A number as the service writes registers, addresses and roles: `0x` and lower-case hexadecimal digits.
public func hex(_ value: some FixedWidthInteger & UnsignedInteger) -> String {
  "0x" + String(value, radix: 16)
}

/// The character of a hexadecimal digit, 0 to 15.
func hexDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
}
