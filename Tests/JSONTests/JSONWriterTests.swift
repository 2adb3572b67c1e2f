import Foundation
import JSON
import Testing

@Suite struct JSONWriterTests {
  private func text(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test func commasStandBetweenValuesOnly() {
    let text = text { writer in
      writer.object { writer in
        writer.member("a", 1)
        writer.key("b")
        writer.array { writer in
          writer.null()
          writer.object { _ in }
          writer.array { _ in }
          writer.bool(true)
        }
        writer.key(named: "c\"")
        writer.object { writer in writer.member("d", false) }
        writer.member("e", "f")
      }
    }
    #expect(text == #"{"a":1,"b":[null,{},[],true],"c\"":{"d":false},"e":"f"}"#)
  }

  @Test func wordsAreLowerCaseHexadecimalWithoutLeadingZeros() {
    for value in [0, 1, 0xf, 0x10, 0x8100003704, UInt64(1) << 63, .max] {
      #expect(text { $0.hex(value) } == "\"0x" + String(value, radix: 16) + "\"")
    }
  }

  @Test func integersAreDecimal() {
    for value in [0, 1, 9, 10, 99, 1234567890, -1, -10, .max, .min] {
      #expect(text { $0.integer(value) } == String(value))
    }
  }

  @Test func nilIsNull() {
    let text = text { writer in
      writer.object { writer in
        writer.member("a", nil as Bool?)
        writer.member("b", nil as Int?)
        writer.member("c", nil as String?)
        writer.member("d", hex: nil)
      }
    }
    #expect(text == #"{"a":null,"b":null,"c":null,"d":null}"#)
  }

  @Test func stringsAreEscapedWhereTheGrammarAsks() {
    #expect(
      text { $0.string("\" \\ / \u{8}\u{c}\n\r\t \0\u{1f}\u{7f} é 😀") }
        == #""\" \\ / \b\f\n\r\t \u0000\u001f"# + "\u{7f} é 😀\"")
  }

  @Test func numbersThatJSONLacksAreNull() {
    #expect(text { $0.double(.nan) } == "null")
    #expect(text { $0.double(-.infinity) } == "null")
    #expect(text { $0.double(0.1) } == "0.1")
  }

  @Test func whatNeedsEscapingIsFoundAnywhere() throws {
    let short = [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 0x22: "\\\"", 0x5c: "\\\\"]
    for code in 0..<0x80 {
      let character = try #require(Unicode.Scalar(UInt32(code)).map(Character.init))
      let escape =
        short[code] ?? (code < 0x20 ? "\\u00" + (code < 16 ? "0" : "") + String(code, radix: 16) : nil)
      for (before, filler) in (0..<18).flatMap({ before in ["a", "b", "é"].map { (before, $0) } }) {
        let head = String(repeating: filler, count: before)
        for after in [0, 1, 7, 8] {
          let tail = String(repeating: filler, count: after)
          let plain = "\(head)\(character)\(tail)"
          let expected = "\"\(head)\(escape ?? String(character))\(tail)\""
          #expect(text { $0.string(plain) } == expected)
          #expect(text { $0.string(utf8: Array(plain.utf8).span) } == expected)
        }
      }
    }
  }

  @Test func bytesAreHexadecimalDigits() {
    let (first, second): (UInt64, UInt64) = (0x0a09_0ff0_ffab_1200, 0xfe0e_0d0c_0b0a_0908)
    #expect(text { $0.hex(bytes: first, second) } == "\"0012abfff00f090a08090a0b0c0d0efe\"")
  }

  @Test func theBufferGrows() {
    let text = text { writer in
      writer.array { writer in
        for number in 0..<1000 {
          writer.integer(number)
          writer.raw([UInt8](repeating: UInt8(ascii: "7"), count: number + 1).span)
          writer.string(String(repeating: "\u{1}", count: number % 7))
          writer.hex(UInt64(number))
        }
      }
    }
    let values = (0..<1000).map { number in
      "\(number),\(String(repeating: "7", count: number + 1)),"
        + "\"\(String(repeating: "\\u0001", count: number % 7))\",\"0x\(String(number, radix: 16))\""
    }
    #expect(text == "[\(values.joined(separator: ","))]")
  }

  @Test func writtenTextIsTakenAsItIs() {
    #expect(
      text { writer in
        writer.array {
          $0.raw("[1]".utf8); $0.raw("2".utf8)
        }
      } == "[[1],2]")
  }
}
