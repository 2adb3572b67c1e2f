/// JSON pointers (RFC 6901) as text.
public enum JSONPointer {
  /// The pointer to the member `key` of the object at `pointer`; `~` and `/` are escaped (RFC 6901, section 3).
  public static func member(_ key: String, of pointer: String) -> String {
    guard key.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else {
      return pointer + "/" + key
    }
    var result = pointer + "/"
    for scalar in key.unicodeScalars {
      switch scalar {
      case "~": result += "~0"
      case "/": result += "~1"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The pointer to the element `index` of the array at `pointer`.
  public static func element(_ index: Int, of pointer: String) -> String {
    pointer + "/" + String(index)
  }
}

extension JSONValue {
  /// The indices of the members and elements that a pointer goes through; a missing one counts as the last.
  func position(of pointer: some StringProtocol) -> [Int] {
    var position: [Int] = []
    var value = self
    for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      switch value {
      case .object(let object):
        let key = String(step).replacing("~1", with: "/").replacing("~0", with: "~")
        let index = object.members.firstIndex { $0.key == key }
        position.append(index ?? object.members.count)
        value = index.map { object.members[$0].value } ?? .null
      case .array(let elements):
        let index = Int(step).flatMap { elements.indices.contains($0) ? $0 : nil }
        position.append(index ?? elements.count)
        value = index.map { elements[$0] } ?? .null
      case .null, .bool, .number, .string: return position
      }
    }
    return position
  }
}
