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
}

/// Finds where pointers lead in a document. The children of each value that one leads through are listed once.
struct PointerPlaces {
  private let document: JSONDocument
  private var children: [Int: [Int]] = [:]

  init(_ document: JSONDocument) { self.document = document }

  /// The indices of the members and elements that a pointer from `node` on goes through; a missing one counts as the last.
  mutating func position(of pointer: some Sequence<UInt8>, from node: Int) -> [Int] {
    var position: [Int] = []
    var node: Int? = node
    let steps = Array(pointer).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    for step in steps.dropFirst() {
      guard let container = node else { return position }
      let children = listed(container)
      let index: Int?
      switch document.nodes[container].type {
      case .object:
        let key = JSONPointer.unescaped(step)
        index = children.firstIndex { document.utf8($0).elementsEqual(key) }
        node = index.map { children[$0] + 1 }
      case .array:
        index = Int(String(decoding: step, as: UTF8.self)).flatMap {
          children.indices.contains($0) ? $0 : nil
        }
        node = index.map { children[$0] }
      case .null, .bool, .number, .string: return position
      }
      position.append(index ?? children.count)
    }
    return position
  }

  private mutating func listed(_ container: Int) -> [Int] {
    if let known = children[container] { return known }
    let listed = Array(document.children(container))
    children[container] = listed
    return listed
  }
}

extension JSONPointer {
  /// A step without its escapes (RFC 6901, section 4).
  fileprivate static func unescaped(_ step: ArraySlice<UInt8>) -> [UInt8] {
    var key: [UInt8] = []
    var rest = step
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "~"), let digit = rest.popFirst() {
        key.append(digit == UInt8(ascii: "1") ? UInt8(ascii: "/") : byte)
      } else {
        key.append(byte)
      }
    }
    return key
  }
}
