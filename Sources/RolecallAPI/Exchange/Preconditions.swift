import HTTPCore

/// The entity tag of a session or vCPU: its revision, and the representation (RFC 9110, section 8.8.3).
struct EntityTag: Sendable {
  let revision: Int
  let media: MediaType

  /// A representation that has a tag of its own.
  private final class Representation: Sendable {
    /// What stands in the tag behind the revision.
    let suffix: [UInt8]
    /// The fields of an answer that shows it; the number in them is the revision.
    let fields: ResponseFields
    /// With Content-Type.
    let contentFields: ResponseFields
    /// The same of a result that is told in short, as the client preferred (RFC 7240, section 3).
    let minimalFields: ResponseFields

    init(_ media: MediaType, suffix: String = "") {
      self.suffix = Array(suffix.utf8)
      var fields = ResponseFields("ETag", before: "\"", after: suffix + "\"")
      fields.append("Vary", "Accept")
      self.fields = fields
      contentFields = fields.with(media)
      fields.append(contentsOf: Exchange.minimalApplied)
      minimalFields = fields.with(media)
    }
  }

  private static let json = Representation(.json)
  private static let text = Representation(.text, suffix: "-text")
  private static let svg = Representation(.svg, suffix: "-svg")

  private var representation: Representation {
    switch media {
    case .text: Self.text
    case .svg: Self.svg
    default: Self.json
    }
  }

  /// The tag as it stands in the field; JSON's is the revision alone.
  var text: String { "\"\(revision)\(String(decoding: representation.suffix, as: UTF8.self))\"" }

  /// The fields of an answer that shows it.
  var fields: ResponseFields { numbered(representation.fields) }

  /// The same with Content-Type, of a result that is told in short or not.
  func contentFields(isMinimal: Bool) -> ResponseFields {
    numbered(isMinimal ? representation.minimalFields : representation.contentFields)
  }

  private func numbered(_ fields: ResponseFields) -> ResponseFields {
    var fields = fields
    fields.number = revision
    return fields
  }

  /// Whether a list of tags, as in If-Match, names this revision. A weak tag (`W/`) matches only if `weak`, and another
  /// representation's only if not: what is to be changed is the session, however the client came to see it.
  func matches(_ list: ArraySlice<UInt8>, weak: Bool) -> Bool {
    var rest = list
    while !rest.isEmpty {
      let comma = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
      if matchesOne(rest[..<comma].trimmingSpaces(), weak: weak) { return true }
      rest = rest[comma...].dropFirst()
    }
    return false
  }

  private func matchesOne(_ element: ArraySlice<UInt8>, weak: Bool) -> Bool {
    if element.count == 1, element.first == UInt8(ascii: "*") { return true }
    var tag = element
    if tag.prefix(2).holds(Self.weakPrefix) {
      guard weak else { return false }
      tag = tag.dropFirst(2)
    }
    let quote = UInt8(ascii: "\"")
    guard tag.count > 2, tag.first == quote, tag.last == quote else { return false }
    tag = tag.dropFirst().dropLast()
    let own = representation
    if names(own, tag) { return true }
    return !weak && [Self.json, Self.text, Self.svg].contains { $0 !== own && names($0, tag) }
  }

  /// Whether what stands between the quotation marks of a tag is this revision in a representation.
  private func names(_ representation: Representation, _ tag: ArraySlice<UInt8>) -> Bool {
    let suffix = representation.suffix
    return tag.suffix(suffix.count).holds(suffix)
      && tag.dropLast(suffix.count).canonicalDecimal == revision
  }

  private static let weakPrefix = Array("W/".utf8)
}

extension ArraySlice<UInt8> {
  /// The number that these are the decimal digits of, at most 18 and without leading zeros.
  var canonicalDecimal: Int? {
    guard (1...18).contains(count), count == 1 || first != UInt8(ascii: "0") else { return nil }
    var number = 0
    for byte in self {
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      number = 10 * number + Int(digit)
    }
    return number
  }

  /// Without spaces and tabs at both ends.
  fileprivate func trimmingSpaces() -> ArraySlice<UInt8> {
    let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    var bytes = self
    while let first = bytes.first, isSpace(first) { bytes = bytes.dropFirst() }
    while let last = bytes.last, isSpace(last) { bytes = bytes.dropLast() }
    return bytes
  }
}

extension Exchange {
  private static let conditions = FieldName.Group([.ifMatch, .ifNoneMatch])

  /// What the conditions of the request lead to for a resource at this revision (RFC 9110, section 13.2.2): nil if it
  /// is to be carried out, or the answer that nothing has changed.
  func precondition(revision: Int) throws(ProblemDetails) -> Response? {
    guard request.mayHave(Self.conditions) else { return nil }
    let tag = EntityTag(revision: revision, media: media)
    guard !request.hasField(.ifMatch) || request.hasField(.ifMatch, where: { tag.matches($0, weak: false) })
    else {
      throw ProblemDetails(
        .preconditionFailed, "If-Match names another revision than \(revision)", fields: [("ETag", tag.text)])
    }
    if request.hasField(.ifNoneMatch, where: { tag.matches($0, weak: true) }) {
      guard request.method == .get || request.method == .head else {
        throw ProblemDetails(
          .preconditionFailed, "If-None-Match names the revision, \(revision)", fields: [("ETag", tag.text)])
      }
      return Response(304, fields: fields(revision: revision))
    }
    return nil
  }

  /// The fields of an answer that shows this revision.
  func fields(revision: Int) -> ResponseFields {
    EntityTag(revision: revision, media: media).fields
  }
}
