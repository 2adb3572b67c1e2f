import HTTPCore

/// The word that shows the operator, as a bearer token (RFC 6750).
public struct OperatorToken: Sendable {
  /// The least number of characters.
  public static let leastLength = 32

  private let bytes: [UInt8]

  /// The token of a text without white space around it; nil unless it is at least ``leastLength`` letters, digits and
  /// `-._~+/=`, which is what a bearer token may be (RFC 6750, section 2.1).
  public init?(_ text: String) {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (9...13).contains($0) }
    var bytes = Array(text.utf8.drop(while: isSpace))
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    guard bytes.count >= Self.leastLength, bytes.allSatisfy(\.isBase64Token) else { return nil }
    self.bytes = bytes
  }

  /// Whether the fields of a request hold the token. How long it takes does not tell what they hold.
  func isShown(by request: Request) -> Bool {
    guard let field = request.fieldValue("Authorization") else { return false }
    let scheme = "bearer "
    guard field.count > scheme.utf8.count,
      String(decoding: field.prefix(scheme.utf8.count), as: UTF8.self).lowercased() == scheme
    else { return false }
    let given = field.dropFirst(scheme.utf8.count).drop { $0 == 0x20 }
    var difference = given.count ^ bytes.count
    for (index, byte) in given.enumerated() { difference |= Int(byte ^ bytes[index % bytes.count]) }
    return difference == 0
  }
}

extension UInt8 {
  /// Whether it is a letter, a digit or one of `-._~+/=` (RFC 6750, section 2.1).
  var isBase64Token: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "-._~+/=".utf8.contains(self)
    }
  }
}

extension Exchange {
  /// Refuses whoever does not show the operator's token. Without one, nothing is known here.
  func admitOperator() throws(ProblemDetails) {
    guard let token = service.operatorToken else { throw ProblemDetails.unknownPath }
    guard token.isShown(by: request) else {
      let isTried = request.fieldValue("Authorization") != nil
      throw ProblemDetails(
        .unauthorized, isTried ? "the token is not the operator's" : "the request shows no token",
        fields: [
          ("WWW-Authenticate", "Bearer realm=\"rolecall\"" + (isTried ? ", error=\"invalid_token\"" : ""))
        ])
    }
  }
}
