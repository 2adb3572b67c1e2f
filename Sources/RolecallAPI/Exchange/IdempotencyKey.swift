/// A key by which a client marks a request that it may send again, so that it is carried out once
/// (draft-ietf-httpapi-idempotency-key-header).
///
/// Clients of different sessions cannot meet each other's keys.
struct IdempotencyKey: Hashable, Sendable {
  /// The greatest number of characters.
  static let limit = 255

  /// The session that the path names, as it stands there; nil if it names none.
  let session: String?
  /// The characters.
  let text: String

  /// The key that a field holds, of a request for a session if its path names one.
  ///
  /// The field holds a string by RFC 9651, section 3.3.3. One without quotation marks that needs none is taken too,
  /// because many clients write it so.
  init(_ field: String, session: String?) throws(ProblemDetails) {
    guard let text = Self.content(of: field), (1...Self.limit).contains(text.utf8.count) else {
      throw ProblemDetails(
        .invalidHeader,
        "Idempotency-Key must hold one key of 1 to \(Self.limit) ASCII characters between quotation marks, such as "
          + "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")
    }
    self.session = session
    self.text = text
  }

  private static func content(of field: String) -> String? {
    let isQuoted = field.hasPrefix("\"")
    guard isQuoted else { return field.utf8.allSatisfy(\.isBase64Token) ? field : nil }
    guard field.utf8.count >= 2, field.hasSuffix("\"") else { return nil }
    var text: [UInt8] = []
    var bytes = field.utf8.dropFirst().dropLast()
    while let byte = bytes.popFirst() {
      switch byte {
      case UInt8(ascii: "\\"):
        guard let escaped = bytes.popFirst(), escaped == UInt8(ascii: "\\") || escaped == UInt8(ascii: "\"")
        else {
          return nil
        }
        text.append(escaped)
      case UInt8(ascii: "\""): return nil
      case 0x20...0x7e: text.append(byte)
      default: return nil
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
