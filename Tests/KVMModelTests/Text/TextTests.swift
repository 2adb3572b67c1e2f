@testable import KVMModel
import Testing

@Suite struct TextTests {
  @Test func lengthMakesNoDifference() {
    for count in [0, 1, 250, 255, 256, 257, 258, 700] {
      var text = Text()
      for index in 0..<count { text.append(index % 2 == 0 ? "a" as StaticString : "b") }
      let expected = String(repeating: "ab", count: count / 2) + (count % 2 == 0 ? "" : "a")
      #expect(text.description == expected && text.length == count)
      var twice = text
      twice.append(contentsOf: text)
      #expect(twice.description == expected + expected)
      twice.append(contentsOf: "é")
      #expect(twice.description == expected + expected + "é")
    }
  }

  @Test func digitsAreFilledUpWithZeros() {
    for (value, minimum, digits) in [
      (0 as UInt64, 1, "0"), (0, 16, "0000000000000000"), (0xabc, 2, "abc"), (0xabc, 5, "00abc"),
      (0x1_0000_0000, 1, "100000000"), (.max, 1, "ffffffffffffffff"),
      (0xc9_0000_0000, 16, "000000c900000000"),
    ] {
      var text = Text()
      text.append(digits: value, atLeast: minimum)
      #expect(text.description == digits)
    }
  }
}
