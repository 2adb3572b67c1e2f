/// The hosts that this server answers for (RFC 9110 §7.4), so that a page of another site that reaches it by a name
/// of its own (DNS rebinding, §17.1) is refused.
public struct AllowedAuthorities: Sendable {
  /// Each in small letters; nil for any.
  public let list: [String]?
  /// Those of `list` that have the form of an authority.
  private let entries: [[UInt8]]
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
    entries = (list ?? []).filter(Self.isValid).map { Array($0.utf8) }
    self.takesAddresses = takesAddresses
  }

  /// Whether `text` has the form of an entry: uri-host [":" port].
  public static func isValid(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return (try? Authority.check(bytes.span, ByteRange(0, bytes.count))) != nil
  }

  /// Whether an authority stands in the list as it is; then it has the right form, too.
  func lists(_ bytes: borrowing Span<UInt8>, _ authority: ByteRange) -> Bool {
    for entry in entries where bytes.equals(authority, entry.span) { return true }
    return false
  }

  /// Whether a request for `authority` is answered; HTTP/1.0 may leave it out (nil).
  func allows(_ bytes: borrowing Span<UInt8>, _ authority: ByteRange?) -> Bool {
    guard list != nil, let authority else { return true }
    for entry in entries where equalsIgnoringCase(bytes, authority, entry) { return true }
    let host = Authority.host(bytes, authority)
    if takesAddresses, Authority.isAddress(bytes, host) { return true }
    guard host.count < authority.count else { return false }
    for entry in entries where equalsIgnoringCase(bytes, host, entry) { return true }
    return false
  }
}
