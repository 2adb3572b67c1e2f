import HTTPCore

/// The trace that a request belongs to (W3C Trace Context, section 3.2).
struct TraceContext: Sendable, Equatable {
  /// 32 hexadecimal digits in small letters, not all 0.
  let traceID: String
  /// 16 hexadecimal digits in small letters, not all 0: the caller's span.
  let parentID: String

  private static let field = FieldName("traceparent")

  /// The trace of `traceparent`; nil unless the field stands once and is as section 3.2.2 says: `version "-" trace-id
  /// "-" parent-id "-" trace-flags`. A version above 00 may have more after another `-`.
  init?(_ request: Request) {
    let values = request.fieldValues(Self.field)
    guard values.count == 1 else { return nil }
    self.init(values[0])
  }

  init?(_ value: ArraySlice<UInt8>) {
    let bytes = Array(value)
    let hyphen = UInt8(ascii: "-")
    guard bytes.count >= 55, [2, 35, 52].allSatisfy({ bytes[$0] == hyphen }) else { return nil }
    let (version, trace, parent, flags) = (bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55])
    guard [version, trace, parent, flags].allSatisfy({ $0.allSatisfy(Self.isDigit) }) else { return nil }
    guard !version.elementsEqual("ff".utf8) else { return nil }
    if version.elementsEqual("00".utf8) {
      guard bytes.count == 55 else { return nil }
    } else {
      guard bytes.count == 55 || bytes[55] == hyphen else { return nil }
    }
    let zero = UInt8(ascii: "0")
    guard !trace.allSatisfy({ $0 == zero }), !parent.allSatisfy({ $0 == zero }) else { return nil }
    traceID = String(decoding: trace, as: UTF8.self)
    parentID = String(decoding: parent, as: UTF8.self)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
