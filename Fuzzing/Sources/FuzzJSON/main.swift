import FuzzSupport
import JSON

/// What a machine's document asks of the decoder, in little.
func decode(_ document: JSONDocument, _ value: JSONValue) {
  var object = ObjectDecoder(document)
  require(object.hasValue("name") == (value.member("name") ?? .null != .null), "the member name is not found")
  _ = object.bool("flag")
  _ = object.integer("number", in: -5...5)
  _ = object.word("word")
  _ = object.optionalWord("narrow", bits: 16)
  _ = object.enumeration("name", of: ["cr0", "cr3", "cr4"])
  _ = object.optionalArray("list", count: 0...4) { $0.word() }
  _ = object.optionalObject("inner") { inner in inner.optionalString("text") ?? "" }
  do throws(JSONProblems) {
    try object.finish()
  } catch {
    require(!error.problems.isEmpty, "no problem is told")
    _ = object.inDocumentOrder(error.problems)
  }
}

struct Row: Codable, Equatable {
  var flag: Bool?
  var number: Int16?
  var word: UInt64?
  var ratio: Double?
  var text: String?
  var list: [[Int]]?
  var rows: [String: [Row]]?
}

func checkCodable(_ bytes: [UInt8]) {
  guard let row = try? ValueDecoder().decode(Row.self, from: bytes) else { return }
  do {
    let again = try ValueDecoder().decode(Row.self, from: StreamingEncoder().encode(row))
    require(again == row, "\(row) became \(again)")
  } catch {
    fatalError("\(row) was not read back: \(error)")
  }
}

runFuzzer { bytes in
  // As a body stands in what a client has sent.
  let slice = (Array("{".utf8) + bytes + Array("1".utf8))[1..<bytes.count + 1]
  let isComparable = FoundationOracle.readsAsUTF8(bytes)
  do throws(JSONError) {
    let document = try JSONDocument(parsing: slice)
    let value = try JSONValue(parsing: bytes)
    var writer = JSONWriter()
    writer.value(value)
    let written = writer.finish()
    let again = try? JSONValue(parsing: written)
    require(again == value, "written as \(String(decoding: written, as: UTF8.self))")
    decode(document, value)
    checkCodable(bytes)
    if isComparable, !value.hasHugeNumber {
      guard let theirs = FoundationOracle.parse(bytes) else { fatalError("Foundation refuses \(value)") }
      require(FoundationOracle.agrees(value, theirs), "Foundation reads \(theirs) for \(value)")
    }
  } catch {
    require((0...bytes.count).contains(error.offset), "the offset \(error.offset) is outside")
    require(!error.detail.isEmpty, "no detail")
    if isComparable, !FoundationOracle.mayAccept(error, bytes) {
      require(FoundationOracle.parse(bytes) == nil, "Foundation accepts what fails by \(error)")
    }
  }
}
