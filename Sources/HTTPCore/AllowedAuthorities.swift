/// The hosts that this server answers for (RFC 9110 §7.4), so that a page of another site that reaches it by a name
/// of its own (DNS rebinding, §17.1) is refused.
public struct AllowedAuthorities: Sendable {
  /// Each in small letters; nil for any.
  public let list: [String]?
  /// Whether IP literals are answered whatever they are: no name was resolved, so none can have been rebound.
  public let takesAddresses: Bool

  /// Any host: only for servers that hold nothing worth guarding.
  public static let any = AllowedAuthorities(list: nil, takesAddresses: true)

  /// Only these, each `host:port`, or `host` for that host at any port; the case of letters does not matter.
  public init(_ list: [String], takesAddresses: Bool = false) {
    self.init(list: list.map { $0.lowercased() }, takesAddresses: takesAddresses)
  }

  private init(list: [String]?, takesAddresses: Bool) {
    self.list = list
    self.takesAddresses = takesAddresses
  }

  /// Whether `text` has the form of an entry: uri-host [":" port].
  public static func isValid(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return (try? Authority.check(bytes.span, 0..<bytes.count)) != nil
  }

  /// Whether a request for `authority` is answered; HTTP/1.0 may leave it out (nil).
  func allows(_ bytes: borrowing Span<UInt8>, _ authority: Range<Int>?) -> Bool {
    guard let list, let authority else { return true }
    for allowed in list where equals(bytes, authority, allowed, ignoringCase: true) { return true }
    let host = Authority.host(bytes, authority)
    if takesAddresses, Authority.isAddress(bytes, host) { return true }
    guard host.count < authority.count else { return false }
    for allowed in list where equals(bytes, host, allowed, ignoringCase: true) { return true }
    return false
  }
}
