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
