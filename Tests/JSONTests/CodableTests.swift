import JSON
import Testing

@Suite struct CodableTests {
  private func text(_ value: some Encodable) throws -> String {
    String(decoding: try StreamingEncoder().encode(value), as: UTF8.self)
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try ValueDecoder().decode(type, from: Array(text.utf8))
  }

  private struct Slot: Codable, Equatable {
    var gpa: String
    var bytes: Int?
  }

  private struct Empty: Codable, Equatable {}

  private class Base: Codable {
    var base = 1
  }

  private final class Derived: Base {
    enum CodingKeys: CodingKey { case own }
    var own = 2

    override init() {
      super.init()
    }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      try super.init(from: container.superDecoder())
      own = try container.decode(Int.self, forKey: .own)
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try super.encode(to: container.superEncoder())
      try container.encode(own, forKey: .own)
    }
  }

  @Test func valuesAreEncodedInTheirOrder() throws {
    #expect(
      try text([Slot(gpa: "0x0", bytes: 5), Slot(gpa: "a\"")]) == #"[{"gpa":"0x0","bytes":5},{"gpa":"a\""}]"#)
    #expect(try text([Empty(), Empty()]) == "[{},{}]")
    #expect(try text(nil as Int?) == "null")
    #expect(try text(["a": [[1], []]]) == #"{"a":[[1],[]]}"#)
    #expect(try text([0.5, -0.0, 1e300]) == "[0.5,-0.0,1e+300]")
    #expect(try text(Float(0.1)) == "0.1")
    #expect(try text(Derived()) == #"{"super":{"base":1},"own":2}"#)
  }

  @Test func classesAreDecoded() throws {
    let derived = try decode(Derived.self, #"{"own":7,"super":{"base":8}}"#)
    #expect(derived.own == 7)
    #expect(derived.base == 8)
  }

  @Test func numbersThatWouldBeRoundedAreNotEncoded() {
    #expect(throws: EncodingError.self) { try text(1 << 53) }
    #expect(throws: EncodingError.self) { try text([UInt64.max]) }
    #expect(throws: EncodingError.self) { try text([Double.nan]) }
    #expect(throws: EncodingError.self) { try text(-Float.infinity) }
    #expect(throws: Never.self) { try text(-(1 << 53 - 1)) }
  }

  private struct Interleaved: Encodable {
    func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      var first = container.nestedUnkeyedContainer()
      var second = container.nestedUnkeyedContainer()
      try second.encode(1)
      try first.encode(2)
    }
  }

  private struct Late: Encodable {
    func encode(to encoder: any Encoder) throws {
      var container = encoder.unkeyedContainer()
      let late = container.superEncoder()
      try container.encode(1)
      try 2.encode(to: late)
    }
  }

  private struct Twice: Encodable {
    func encode(to encoder: any Encoder) throws {
      _ = encoder.unkeyedContainer()
      _ = encoder.container(keyedBy: Key.self)
    }
    enum Key: CodingKey { case a }
  }

  private struct Silent: Encodable {
    func encode(to encoder: any Encoder) throws {}
  }

  @Test func misuseIsAnErrorAndNeverABrokenDocument() {
    #expect(throws: EncodingError.self) { try text(Interleaved()) }
    #expect(throws: EncodingError.self) { try text(Late()) }
    #expect(throws: EncodingError.self) { try text(Twice()) }
    #expect(throws: EncodingError.self) { try text(Silent()) }
    #expect(throws: EncodingError.self) { try text([Silent()]) }
    #expect(throws: EncodingError.self) { try text(["a": Silent()]) }
  }

  @Test func valuesOfAnotherShapeAreRefusedWithTheirPath() {
    let refused = [
      (#"[{"gpa":1}]"#, "0.gpa"), (#"[{"gpa":"a"},{"gpa":"a","bytes":1.0}]"#, "1.bytes"), (#"[[]]"#, "0"),
      ("{}", ""),
      (#"[{"gpa":"a","bytes":true}]"#, "0.bytes"),
    ]
    for (document, path) in refused {
      let error = #expect(throws: DecodingError.self, "\(document)") { try decode([Slot].self, document) }
      switch error {
      case .typeMismatch(_, let context)?, .dataCorrupted(let context)?:
        #expect(context.codingPath.map(\.stringValue).joined(separator: ".") == path, "\(document)")
      default: Issue.record("\(String(describing: error))")
      }
    }
    #expect(throws: DecodingError.self) { try decode(Slot.self, "{}") }
    #expect(throws: DecodingError.self) { try decode(UInt8.self, "256") }
    #expect(throws: DecodingError.self) { try decode(UInt.self, "-1") }
    #expect(throws: DecodingError.self) { try decode(Double.self, "1e999") }
    #expect(throws: JSONError.self) { try decode(Int.self, "9007199254740992") }
  }

  @Test func manyKeysAreDecoded() throws {
    let numbers = Dictionary(uniqueKeysWithValues: (0..<50_000).map { ("key\($0)", $0) })
    let bytes = try StreamingEncoder().encode(numbers)
    #expect(try ValueDecoder().decode([String: Int].self, from: bytes) == numbers)
  }
}
