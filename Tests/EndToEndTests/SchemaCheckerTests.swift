import Testing

@Suite("The schema checker")
struct SchemaCheckerTests {
  /// A schema, documents that fit it, and documents that don't.
  private let cases: [(schema: String, good: [String], bad: [String])] = [
    (#"{"type":"integer","minimum":1,"maximum":3}"#, ["1", "3"], ["0", "4", "1.5", "\"1\"", "true"]),
    (
      #"{"type":["string","null"],"pattern":"^0x","maxLength":4}"#, ["null", "\"0x1\""],
      ["\"1x\"", "\"0x123\"", "1"]
    ),
    (#"{"const":[1,{"a":null}]}"#, [#"[1,{"a":null}]"#], ["[1]", "1"]),
    (#"{"enum":["a",null]}"#, ["\"a\"", "null"], ["\"b\""]),
    (#"{"required":["a"],"minProperties":2}"#, [#"{"a":1,"b":2}"#, "1"], [#"{"b":1,"c":1}"#, #"{"a":1}"#]),
    (
      #"{"properties":{"a":{"type":"null"},"b":false},"additionalProperties":{"type":"string"}}"#,
      ["{}", #"{"a":null,"c":"x"}"#], [#"{"a":1}"#, #"{"b":null}"#, #"{"c":1}"#]
    ),
    (
      #"{"prefixItems":[{"type":"null"}],"items":{"type":"string"},"minItems":1,"maxItems":2,"uniqueItems":true}"#,
      ["[null]", #"[null,"a"]"#], ["[]", "[1]", "[null,null]", #"[null,"a","a"]"#]
    ),
    (#"{"oneOf":[{"minimum":1},{"maximum":3}]}"#, ["0", "4"], ["2"]),
    (#"{"anyOf":[{"minimum":3},{"maximum":1}]}"#, ["0", "4"], ["2"]),
    (#"{"not":{"type":"null"}}"#, ["1"], ["null"]),
    (#"{"if":{"minimum":5},"then":{"maximum":9}}"#, ["1", "7"], ["10"]),
    (
      ##"{"$ref":"#/$defs/a","allOf":[{"properties":{"b":true}}],"unevaluatedProperties":false}"##,
      [#"{"a":1,"b":2}"#], [#"{"a":1,"c":2}"#, #"{"a":"x"}"#]
    ),
    (
      #"{"anyOf":[{"properties":{"a":{"type":"null"}}},true],"unevaluatedProperties":false}"#,
      [#"{"a":null}"#], [#"{"a":1}"#]
    ),
    (##"{"$ref":"#/nowhere"}"##, [], ["1"]),
    (#"{"multipleOf":2}"#, [], ["2"]),
  ]

  @Test("each keyword lets pass what fits and finds what does not")
  func keywords() throws {
    let checker = SchemaChecker(
      try JSONDocument(#"{"$defs":{"a":{"properties":{"a":{"type":"number"}}}}}"#.utf8))
    for (text, good, bad) in cases {
      let schema = try JSONDocument(text.utf8)
      for document in good {
        #expect(
          checker.faults(of: try JSONDocument(document.utf8), by: schema) == [], "\(document) by \(text)")
      }
      for document in bad {
        #expect(
          !checker.faults(of: try JSONDocument(document.utf8), by: schema).isEmpty, "\(document) by \(text)")
      }
    }
  }

  @Test("a document's text reads as the document")
  func text() throws {
    let document = try JSONDocument(#"{"a":[1,-2.5,null,true,"\"\\\n\u0001é𝄞"],"b":{}}"#.utf8)
    #expect(try JSONDocument(document.text.utf8) == document)
  }
}
