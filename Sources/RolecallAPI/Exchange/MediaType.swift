import HTTPCore

/// The media types that the service sends.
enum MediaType: String, Sendable {
  case json = "application/json"
  case problem = "application/problem+json"
  case text = "text/plain; charset=utf-8"
  case yaml = "application/yaml"
  case xml = "application/xml"
  case csv = "text/csv; charset=utf-8"
  case html = "text/html; charset=utf-8"
  case css = "text/css; charset=utf-8"
  case javaScript = "text/javascript; charset=utf-8"
  case svg = "image/svg+xml"
  case metrics = "text/plain; version=0.0.4; charset=utf-8"
  case eventStream = "text/event-stream"
  case openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  /// The field Content-Type.
  var field: ResponseFields {
    switch self {
    case .json: Self.jsonField
    case .text: Self.textField
    default: [("Content-Type", rawValue)]
    }
  }

  private static let jsonField: ResponseFields = [("Content-Type", json.rawValue)]
  private static let textField: ResponseFields = [("Content-Type", text.rawValue)]

  /// Type and subtype, without parameters.
  private var essence: Substring { rawValue.prefix { $0 != ";" } }

  private static let anything = Array("*/*".utf8)

  /// The best of `offered` by the Accept fields of a request, which are one list (RFC 9110, section 5.3).
  static func preferred(of offered: [MediaType], by request: Request) -> MediaType? {
    guard let first = request.fieldValue(.accept) else { return offered.first }
    if first.holds(anything), request.fieldValues(.accept).count == 1 { return offered.first }
    return preferred(of: offered, accept: request[field: .accept])
  }

  /// The best of `offered` by an Accept field (RFC 9110, section 12.5.1), the first among equals; nil if none fits.
  static func preferred(of offered: [MediaType], accept: String?) -> MediaType? {
    guard let accept else { return offered.first }
    let ranges = accept.split(separator: ",").map(MediaRange.init)
    var best: (type: MediaType, quality: Double)?
    for type in offered {
      let quality = MediaRange.quality(of: type.essence, among: ranges)
      if quality > best?.quality ?? 0 { best = (type, quality) }
    }
    // Whoever takes only problems takes the JSON that comes when there is none.
    if best == nil, MediaRange.quality(of: MediaType.problem.essence, among: ranges) > 0 {
      return offered.first
    }
    return best?.type
  }
}

/// One range of an Accept field.
private struct MediaRange {
  let range: String
  let quality: Double

  init(_ text: Substring) {
    let parts = text.split(separator: ";").map { $0.trimmingSpaces().lowercased() }
    range = parts.first ?? ""
    let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
    quality = weight.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
  }

  /// How specific the match is: 3 for the type itself, 1 for anything, nil for no match.
  private func specificity(for essence: Substring) -> Int? {
    if range == essence { return 3 }
    if range.hasSuffix("/*"), essence.hasPrefix(range.dropLast()) { return 2 }
    return range == "*/*" ? 1 : nil
  }

  /// The quality that the most specific range gives a type; 0 if none matches.
  static func quality(of essence: Substring, among ranges: [MediaRange]) -> Double {
    var best: (specificity: Int, quality: Double) = (0, 0)
    for range in ranges {
      guard let specificity = range.specificity(for: essence), specificity > best.specificity else {
        continue
      }
      best = (specificity, range.quality)
    }
    return best.quality
  }
}

extension ResponseFields {
  /// These fields, and Content-Type.
  consuming func with(_ type: MediaType) -> ResponseFields {
    append(contentsOf: type.field)
    return self
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  func trimmingSpaces() -> Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var text = drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }
}
