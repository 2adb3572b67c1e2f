@testable import KVMModel
import Testing

@Suite struct SentenceTests {
  private func text(_ sentence: Sentence) -> String {
    var utf8: [UInt8] = []
    sentence.write(to: &utf8)
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
    let inner: Sentence = "is écrit"
    #expect(text("CR\(4) \(inner): \("PAE")\(true ? "" : "!")") == "CR4 is écrit: PAE")
    #expect(text("\(0), \(10) and \(-3)") == "0, 10 and -3")
    #expect(text(inner + " and " + "\(inner)") == "is écrit and is écrit")
  }
}
