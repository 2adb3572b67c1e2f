import Testing

@testable import HTTPCore

@Test func byteSetsHoldTheirGrammarsCharacters() {
  let alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
  let subDelimiters = "!$&'()*+,;="
  let sets: [(ByteSet, String)] = [
    (.tokens, "!#$%&'*+-.^_`|~" + alphanumeric),
    (.path, "-._~:@/%" + subDelimiters + alphanumeric),
    (.query, "-._~:@/%?" + subDelimiters + alphanumeric),
    (.registeredName, "-._~%" + subDelimiters + alphanumeric),
    (.ipv6, "0123456789abcdefABCDEF:."),
  ]
  for (set, characters) in sets {
    for byte in UInt8.min...UInt8.max {
      #expect(set.contains(byte) == characters.utf8.contains(byte), "\(byte)")
    }
  }
}

@Test func percentEncodingIsDecodedOnce() {
  let cases = [("a", "a"), ("%41%2f", "A/"), ("%2541", "%41"), ("a+b", "a+b"), ("%4", "%4"), ("%zz", "%zz")]
  for (encoded, text) in cases {
    #expect(String(decoding: percentDecoded(Array(encoded.utf8)[...]), as: UTF8.self) == text)
  }
  #expect(percentDecoded(Array("a+b".utf8)[...], plusIsSpace: true) == Array("a b".utf8)[...])
}

@Test func numbersAreWrittenInDecimal() {
  let powers = (0...18).map { power in (0..<power).reduce(1) { number, _ in number * 10 } }
  let values = Array(0...10_100) + powers.flatMap { [$0 - 1, $0, $0 + 7] } + [123_456_789_012, .max]
  for value in values {
    var text: [UInt8] = []
    text.append(decimal: value)
    #expect(String(decoding: text, as: UTF8.self) == "\(value)")
  }
}
