import JSON
import Testing

@Suite struct JSONDocumentTests {
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
    (#"[{"é":1,"\u00e9":3}]"#, .duplicateKey, 9, "/0/é"),
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
      let surrounded = Array(("{" + document + "1").utf8)
      #expect(throws: expected, "\(document)") {
        try JSONDocument(parsing: surrounded[1..<surrounded.count - 1])
      }
    }
  }

  /// Bytes that are not UTF-8 in the string `"a…"`, and the error's offset.
  @Test func stringsMustBeUTF8() {
    let malformed: [([UInt8], Int)] = [
      ([0x80], 2), ([0xbf], 2), ([0xc0, 0xaf], 2), ([0xc1, 0x81], 2), ([0xc3], 2), ([0xc3, 0x28], 2),
      ([0xe0, 0x9f, 0xbf], 2), ([0xe2, 0x82], 2), ([0xed, 0xa0, 0x80], 2), ([0xed, 0xbf, 0xbf], 2),
      ([0xf0, 0x8f, 0xbf, 0xbf], 2), ([0xf0, 0x9f, 0x98], 2), ([0xf4, 0x90, 0x80, 0x80], 2), ([0xf5], 2),
      ([0xff], 2),
      ([0xc3, 0xa9, 0xe9], 4), ([0x5c, 0x6e, 0xe9], 4),
    ]
    for (bytes, offset) in malformed {
      #expect(throws: JSONError(kind: .invalidUTF8, offset: offset, pointer: ""), "\(bytes)") {
        try JSONValue(parsing: Array("\"a".utf8) + bytes + Array("\"".utf8))
      }
    }
  }

  /// Every sequence of one to three bytes from those at which the table of RFC 3629 changes, beside the standard library.
  @Test func validationAgreesWithTheStandardLibrary() {
    let bytes: [UInt8] = [
      0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
      0xef, 0xf0,
      0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ]
    let rows = bytes.flatMap { first in bytes.flatMap { second in bytes.map { [first, second, $0] } } }
    for row in rows {
      for tail in [[], [0x80]] as [[UInt8]] {
        let text = row + tail
        let parsed = try? JSONValue(parsing: [0x22] + text + [0x22])
        #expect(parsed == String(validating: text, as: UTF8.self).map(JSONValue.string), "\(text)")
      }
    }
  }

  @Test func escapesAreRead() throws {
    let document = #""\"\\\/\b\f\n\r\t\u0000\u00E9\u20ac\ud83d\ude00\uDBFF\uDFFF end é""#
    #expect(
      try JSONValue(parsing: Array(document.utf8))
        == .string("\"\\/\u{8}\u{c}\n\r\t\0\u{e9}\u{20ac}\u{1f600}\u{10ffff} end é"))
  }

  @Test func numbersKeepTheirText() throws {
    let numbers: [(String, Int?, Double?)] = [
      ("0", 0, 0), ("-0", 0, -0.0), ("-17", -17, -17),
      ("9007199254740991", 9_007_199_254_740_991, 9_007_199_254_740_991),
      ("-9007199254740991", -9_007_199_254_740_991, -9_007_199_254_740_991),
      ("1.0", nil, 1), ("1e2", nil, 100), ("1E+2", nil, 100), ("-2.5e-1", nil, -0.25), ("0.1", nil, 0.1),
      ("0e0", nil, 0),
      ("123456789012345678901234567890.5", nil, 123456789012345678901234567890.5), ("1e999", nil, nil),
      ("1e-999", nil, 0),
    ]
    for (text, integer, double) in numbers {
      guard case .number(let number) = try JSONValue(parsing: Array(text.utf8)) else {
        Issue.record("\(text) is not a number")
        continue
      }
      #expect(number.text == text)
      #expect(number.integer == integer, "\(text)")
      #expect(number.double == double, "\(text)")
    }
  }

  @Test func depthIsLimited() throws {
    for (depth, limit) in [(1, 1), (64, 64), (512, 512)] {
      let document =
        Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
      _ = try JSONValue(parsing: document, depthLimit: limit)
      #expect(
        throws: JSONError(
          kind: .tooDeep, offset: depth, pointer: String(repeating: "/0", count: depth))
      ) {
        try JSONValue(parsing: [UInt8(ascii: "[")] + document, depthLimit: limit)
      }
    }
    #expect(throws: JSONError.self) {
      try JSONValue(parsing: Array(repeating: UInt8(ascii: "["), count: 1_000_000), depthLimit: .max)
    }
    #expect(throws: JSONError(kind: .tooDeep, offset: 5, pointer: "/a")) {
      try JSONValue(parsing: Array(#"{"a":{"a":1}}"#.utf8), depthLimit: 1)
    }
  }

  @Test func keysAreComparedByCodePoints() throws {
    let value = try JSONValue(parsing: Array("{\"é\":1,\"e\u{301}\":2,\"\\u0061\":3}".utf8))
    #expect(["é", "e\u{301}", "a"].map { value.member($0) } == [.integer(1), .integer(2), .integer(3)])
  }

  @Test func duplicatesAreFoundAmongManyKeys() throws {
    for count in [2, 15, 16, 17, 18, 50_000] {
      let members = (0..<count).map { "\"key\($0)\":{\"key\($0)\":0}" }
      let document = "{" + members.joined(separator: ",") + "}"
      guard case .object(let object) = try JSONValue(parsing: Array(document.utf8)) else {
        Issue.record("not an object")
        continue
      }
      #expect(object.members.map(\.key) == (0..<count).map { "key\($0)" })
      for duplicate in [0, count / 2, count - 1] {
        let body = "{" + members.joined(separator: ",") + ","
        #expect(throws: JSONError(kind: .duplicateKey, offset: body.utf8.count, pointer: "/key\(duplicate)"))
        {
          try JSONValue(parsing: Array((body + "\"key\(duplicate)\":0}").utf8))
        }
      }
    }
  }

  @Test func everyPrefixOfADocumentIsRefused() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<200 {
      let document = Array("[".utf8) + generator.document(depth: 4) + Array("]".utf8)
      for length in 0..<document.count {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(document[..<length])) }
        #expect(error?.kind == .unexpectedEnd)
        #expect(error?.offset == length)
      }
    }
  }

  @Test func mutatedDocumentsNeverTrap() {
    var generator = SeededGenerator(seed: 5)
    var refused = 0
    for _ in 0..<20_000 {
      var document = generator.document(depth: 4)
      for _ in 0..<Int.random(in: 1...3, using: &generator) where !document.isEmpty {
        let index = document.indices.randomElement(using: &generator) ?? 0
        let byte = Array("{}[]\",:\\u0-.eE \u{0}".utf8).randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: document[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: document.insert(byte, at: index)
        case 2: document.remove(at: index)
        default: document[index] = byte
        }
      }
      do {
        let value = try JSONValue(parsing: document)
        var writer = JSONWriter()
        writer.value(value)
        #expect(try JSONValue(parsing: writer.finish()) == value)
      } catch {
        refused += 1
        #expect((0...document.count).contains(error.offset))
      }
    }
    #expect(refused > 1000)
  }
}
