import Foundation
import FuzzSupport
import JSON

/// Foundation's reader beside ours.
enum FoundationOracle {
  /// What Foundation reads, nil when it refuses.
  static func parse(_ bytes: [UInt8]) -> Any? {
    try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
  }

  /// Whether Foundation takes these bytes for UTF-8, and not, by a mark or by zero bytes, for UTF-16 or UTF-32.
  static func readsAsUTF8(_ bytes: [UInt8]) -> Bool {
    !bytes.contains(0) && !bytes.starts(with: [0xfe, 0xff]) && !bytes.starts(with: [0xff, 0xfe])
  }

  /// Whether Foundation may accept what our reader refuses with this error: RFC 8259 leaves the first four open, and
  /// Foundation takes a comma before a closing bracket, which the RFC's grammar has not.
  static func mayAccept(_ error: JSONError, _ bytes: [UInt8]) -> Bool {
    switch error.kind {
    case .byteOrderMark, .duplicateKey, .integerOutOfRange, .tooDeep: true
    case .expectedValue, .expectedKey: followsComma(error.offset, bytes)
    default: false
    }
  }

  private static func followsComma(_ offset: Int, _ bytes: [UInt8]) -> Bool {
    guard offset < bytes.count, Array("]}".utf8).contains(bytes[offset]) else { return false }
    return bytes[..<offset].last { !Array(" \t\r\n".utf8).contains($0) } == UInt8(ascii: ",")
  }

  /// Whether both mean the same. Foundation drops U+FEFF at the beginning of a part of a string, and rounds numbers of
  /// many digits by way of a decimal: the former is not compared, the latter to 50 bits, or to 46 where there are more digits
  /// than a decimal holds, since then each of those that it leaves out is another rounding.
  static func agrees(_ ours: JSONValue, _ theirs: Any) -> Bool {
    switch ours {
    case .null: return theirs is NSNull
    case .bool(let bool): return theirs as? Bool == bool
    case .string(let text):
      let mark: Unicode.Scalar = "\u{feff}"
      guard let other = theirs as? String else { return false }
      return other.unicodeScalars.filter { $0 != mark }.elementsEqual(
        text.unicodeScalars.filter { $0 != mark })
    case .number(let number):
      guard let other = (theirs as? NSNumber)?.doubleValue, let double = number.double else { return false }
      return abs(other - double) <= abs(double) * (number.text.utf8.count > 38 ? 0x1p-46 : 0x1p-50)
    case .array(let elements):
      guard let array = theirs as? [Any], array.count == elements.count else { return false }
      return zip(elements, array).allSatisfy { agrees($0, $1) }
    case .object(let object):
      guard let members = theirs as? [String: Any] else { return false }
      if object.members.contains(where: { $0.key.unicodeScalars.contains("\u{feff}") }) { return true }
      // To Foundation, keys that Unicode's equivalences make equal are one.
      if Set(object.members.map(\.key)).count < object.members.count { return true }
      guard members.count == object.members.count else { return false }
      return object.members.allSatisfy { member in
        members[member.key].map { agrees(member.value, $0) } ?? false
      }
    }
  }
}

extension JSONValue {
  /// Whether a number in it is beyond every `Double`; Foundation refuses those.
  var hasHugeNumber: Bool {
    switch self {
    case .number(let number): number.double == nil
    case .array(let elements): elements.contains(where: \.hasHugeNumber)
    case .object(let object): object.members.contains { $0.value.hasHugeNumber }
    case .null, .bool, .string: false
    }
  }
}
