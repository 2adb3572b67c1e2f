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

  @Test func theBufferIsContinued() {
    var writer = JSONWriter(appendingTo: Array("data: ".utf8))
    writer.raw("[1]".utf8)
    #expect(writer.finish() == Array("data: [1]".utf8))
  }
}
