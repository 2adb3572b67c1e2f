@testable import KVMModel
import Testing

@Suite struct TextInterpolationTests {
  private func text(_ text: Text) -> String {
    var text = text
    var utf8: [UInt8] = []
    text.write(to: &utf8)
    return String(decoding: utf8, as: UTF8.self)
  }

  @Test func numbersReadAsHexWritesThem() {
    for shift in 0..<64 {
      for value in [UInt64(1) << shift, UInt64.max >> shift, 0, 0x1234_5678_9abc_def0] {
        #expect(text("at \(hex: value).") == "at \(hex(value)).")
        let narrow = UInt32(truncatingIfNeeded: value)
        #expect(text("\(hex: narrow)") == hex(narrow))
      }
    }
  }

  @Test func holesTakeWhatAStringTakes() {
    let inner: Text = "is écrit"
    #expect(text("CR\(4) \(inner): \("PAE")\(true ? "" : "!")") == "CR4 is écrit: PAE")
    #expect(text("\(0), \(10) and \(-3), \(UInt64.max)") == "0, 10 and -3, 18446744073709551615")
    #expect(text(inner + " and " + "\(inner)") == "is écrit and is écrit")
  }
}
