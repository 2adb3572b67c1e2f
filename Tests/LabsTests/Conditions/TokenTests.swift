import Testing

@testable import Labs

@Suite("Tokens of conditions")
struct TokenTests {
  @Test("a condition in tokens, with their places")
  func tokens() throws {
    let tokens = try Token.all(of: #"a.b_1 >= 0xFF and "x y"!='z'"#)
    #expect(
      tokens.map(\.kind) == [
        .name("a"), .sign("."), .name("b_1"), .sign(">="), .number("0xFF"), .name("and"), .text("x y"),
        .sign("!="),
        .text("z"), .end,
      ])
    #expect(tokens.map(\.offset) == [0, 1, 2, 6, 9, 14, 18, 23, 25, 28])
  }

  @Test("what is no token is refused where it stands")
  func refused() {
    let cases = [
      ("a = b", 2, "\"=\" means nothing"), ("a == \"b", 5, "is not ended"),
      ("12ab", 0, "\"12ab\" is no number"),
      ("1 == 0x", 5, "\"0x\" is no number"), ("99999999999999999999", 0, "is no number"),
      ("a + b", 2, "\"+\""),
      ("é", 0, "means nothing"),
    ]
    for (text, offset, detail) in cases {
      let error = #expect(throws: ConditionError.self, "\(text)") { try Token.all(of: text) }
      #expect(error?.offset == offset, "\(text)")
      #expect(error?.detail.contains(detail) == true, "\(text): \(error?.detail ?? "")")
    }
  }
}
