import JSON
import Testing

@Suite struct JSONReaderTests {
  /// A document, the error it gives, its offset and its pointer.
  private static let malformed: [(String, JSONError.Kind, Int, String)] = [
    ("", .unexpectedEnd, 0, ""),
    (" \n", .unexpectedEnd, 2, ""),
    ("\u{feff}{}", .byteOrderMark, 0, ""),
    (" \u{feff}{}", .expectedValue, 1, ""),
    ("{} x", .trailingBytes, 3, ""),
    ("1 2", .trailingBytes, 2, ""),
    ("[1]]", .trailingBytes, 3, ""),
    ("nul", .unexpectedEnd, 3, ""),
    ("nulL", .expectedValue, 3, ""),
    ("True", .expectedValue, 0, ""),
    ("truee", .trailingBytes, 4, ""),
    ("NaN", .expectedValue, 0, ""),
    ("'a'", .expectedValue, 0, ""),
    ("// c\n1", .expectedValue, 0, ""),
    ("[1\u{b}]", .expectedCommaOrEnd, 2, ""),
    ("[", .unexpectedEnd, 1, ""),
    ("[,1]", .expectedValue, 1, "/0"),
    ("[1,]", .expectedValue, 3, "/1"),
    ("[1 2]", .expectedCommaOrEnd, 3, ""),
    ("[1}", .expectedCommaOrEnd, 2, ""),
    (#"{"a":1,}"#, .expectedKey, 7, ""),
    (#"{,"a":1}"#, .expectedKey, 1, ""),
    (#"{a:1}"#, .expectedKey, 1, ""),
    (#"{"a" 1}"#, .expectedColon, 5, "/a"),
    (#"{"a":}"#, .expectedValue, 5, "/a"),
    (#"{"a":1 "b":2}"#, .expectedCommaOrEnd, 7, ""),
    (#"{"a":1]"#, .expectedCommaOrEnd, 6, ""),
    (#"{"a":{"b":[0,{"c/d~":x}]}}"#, .expectedValue, 21, "/a/b/1/c~1d~0"),
    (#"{"a":1,"b":2,"a":3}"#, .duplicateKey, 13, "/a"),
    (#"{"a":1,"\u0061":3}"#, .duplicateKey, 7, "/a"),
    (#"[{"é":1,"e\u0301":3}]"#, .duplicateKey, 9, "/0/e\u{301}"),
    ("-", .unexpectedEnd, 1, ""),
    ("-x", .invalidNumber, 1, ""),
    ("+1", .expectedValue, 0, ""),
    (".5", .expectedValue, 0, ""),
    ("01", .invalidNumber, 0, ""),
    ("-01.5", .invalidNumber, 1, ""),
    ("1.", .unexpectedEnd, 2, ""),
    ("[1.]", .invalidNumber, 3, "/0"),
    ("[1e]", .invalidNumber, 3, "/0"),
    ("[1e+]", .invalidNumber, 4, "/0"),
    ("0x10", .trailingBytes, 1, ""),
    ("[9007199254740992]", .integerOutOfRange, 1, "/0"),
    ("-9007199254740992", .integerOutOfRange, 0, ""),
    ("18446744073709551616", .integerOutOfRange, 0, ""),
    ("123456789012345678901234567890123456789012345678901234567890", .integerOutOfRange, 0, ""),
    (#""abc"#, .unexpectedEnd, 4, ""),
    ("\"a\nb\"", .controlCharacter, 2, ""),
    ("\"\\\\a\u{1f}b\"", .controlCharacter, 4, ""),
    (#""\x""#, .invalidEscape, 1, ""),
    (#""a\u12g4""#, .invalidEscape, 2, ""),
    (#""\ud83d""#, .loneSurrogate, 1, ""),
    (#""\ud83dx""#, .loneSurrogate, 1, ""),
    (#""\ud83d\n""#, .loneSurrogate, 1, ""),
    (#""\ud83d\ud83d""#, .loneSurrogate, 1, ""),
    (#""\ud83d\u0041""#, .loneSurrogate, 1, ""),
    (#""a\ude00""#, .loneSurrogate, 2, ""),
  ]

  @Test func malformedDocumentsAreRefusedWhereTheyGoWrong() {
    for (document, kind, offset, pointer) in Self.malformed {
      let expected = JSONError(kind: kind, offset: offset, pointer: pointer)
      #expect(throws: expected, "\(document)") { try JSONValue(parsing: Array(document.utf8)) }
      #expect(throws: expected, "\(document)") {
        var reader = JSONReader(Array(document.utf8))
        try reader.skip()
        try reader.finish()
      }
    }
  }
}
