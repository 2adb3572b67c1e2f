@testable import KVMModel
import Testing

@Suite struct TextBuilderTests {
  @Test func lengthMakesNoDifference() {
    for count in [0, 1, 250, 255, 256, 257, 258, 700] {
      var text = TextBuilder()
      for index in 0..<count { text.append(index % 2 == 0 ? "a" as StaticString : "b") }
      let expected = String(repeating: "ab", count: count / 2) + (count % 2 == 0 ? "" : "a")
      #expect(text.description == expected && text.length == count)
      var twice = text
      twice.append(text)
      #expect(twice.description == expected + expected)
      twice.append("é" as String)
      #expect(twice.description == expected + expected + "é")
      twice.truncate(to: count)
      #expect(twice.description == expected)
      twice.append(decimal: 7)
      #expect(twice.description == expected + "7")
    }
  }

  @Test func digitsAreFilledUpWithZeros() {
    for (value, minimum, digits) in [
      (0 as UInt64, 1, "0"), (0, 16, "0000000000000000"), (0xabc, 2, "abc"), (0xabc, 5, "00abc"),
      (0x1_0000_0000, 1, "100000000"), (.max, 1, "ffffffffffffffff"),
      (0xc9_0000_0000, 16, "000000c900000000"),
    ] {
      var text = TextBuilder()
      text.append(digits: value, atLeast: minimum)
      #expect(text.description == digits)
    }
  }
}
