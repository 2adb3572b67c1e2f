import KVMModel
import Testing

@Suite struct SentenceTests {
  @Test func numbersReadAsHexWritesThem() {
    for shift in 0..<64 {
      for value in [UInt64(1) << shift, UInt64.max >> shift, 0, 0x1234_5678_9abc_def0] {
        let sentence: Sentence = "at \(hex: value)."
        #expect(sentence.description == "at \(hex(value)).")
        let narrow: Sentence = "\(hex: UInt32(truncatingIfNeeded: value))"
        #expect(narrow.description == hex(UInt32(truncatingIfNeeded: value)))
      }
    }
  }

  @Test func holesTakeWhatAStringTakes() {
    let inner: Sentence = "is écrit"
    let sentence: Sentence = "CR\(4) \(inner): \("PAE")\(true ? "" : "!")"
    #expect(sentence.description == "CR4 is écrit: PAE")
    #expect(sentence == "CR4 is écrit: PAE")
  }
}
