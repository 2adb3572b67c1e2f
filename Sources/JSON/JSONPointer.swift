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

extension JSONDocument {
  /// The pointer to a value.
  func pointer(to node: Int) -> String {
    var (pointer, container) = ("", 0)
    while container != node {
      let isObject = nodes[container].type == .object
      var (child, index) = (container + 1, 0)
      while nodes[child].end <= node { (child, index) = (nodes[child].end, index + 1) }
      pointer =
        isObject ? JSONPointer.member(text(child), of: pointer) : JSONPointer.element(index, of: pointer)
      container = isObject ? child + 1 : child
    }
    return pointer
  }

  /// The indices of the members and elements that a pointer from `node` on goes through; a missing one counts as the last.
  func position(of pointer: some StringProtocol, from node: Int) -> [Int] {
    var position: [Int] = []
    var node: Int? = node
    for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let container = node else { return position }
      let children = Array(children(container))
      let index: Int?
      switch nodes[container].type {
      case .object:
        let key = String(step).replacing("~1", with: "/").replacing("~0", with: "~")
        index = children.firstIndex { text($0) == key }
        node = index.map { children[$0] + 1 }
      case .array:
        index = Int(step).flatMap { children.indices.contains($0) ? $0 : nil }
        node = index.map { children[$0] }
      case .null, .bool, .number, .string: return position
      }
      position.append(index ?? children.count)
    }
    return position
  }
}
