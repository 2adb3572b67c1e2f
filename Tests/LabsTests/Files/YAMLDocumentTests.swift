import JSON
import Testing

@testable import Labs

@Suite("YAML with places")
struct YAMLDocumentTests {
  @Test("plain scalars by the JSON schema; hexadecimal words as they are")
  func scalars() throws {
    let document = try YAMLDocument(
      "a: [1, -2, 1.5, true, null, ~, 0x10, yes, \"1\", 'true', 010]\nb:\nc: |\n  x\n  y\n", file: "f.yaml")
    #expect(
      document.value
        == (try json(
          #"{"a": [1, -2, 1.5, true, null, null, "0x10", "yes", "1", "true", "010"], "b": null, "c": "x\ny\n"}"#
        )))
  }

  @Test("problems name the line, and the character where it can be known")
  func places() throws {
    let document = try YAMLDocument(
      "a:\n  - b: \"text\"\n    c: >-\n      long\n      text\n", file: "f.yaml")
    let cases = [
      ("/a/0/b", 2 as Int?, "f.yaml:2:11: x"), ("/a/0/b", nil, "f.yaml:2: x"),
      ("/a/0/c", 5, "f.yaml:3: near \u{201c}some text\u{201d}: x"),
      ("/a/0/missing/deeper", nil, "f.yaml:2: x"),
      ("", nil, "f.yaml:1: x"),
    ]
    for (pointer, offset, expected) in cases {
      #expect(
        document.problem(
          "x", at: pointer, spot: offset.map { ($0, pointer == "/a/0/b" ? "text" : "some text") }
        ).description == expected)
    }
  }

  @Test("what is not YAML, and what is too much of it")
  func refused() {
    let bomb =
      "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
      + "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
    let deep = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
    let cases = [
      ("a: b: c", "f.yaml:1"), ("a: 1\nb: [", "f.yaml:3"), ("", "the file is empty"),
      ("a: 1\nb: 2\na: 3\n", "stands twice"),
      (bomb, "too many values"), (deep, "too many values"), ("? [a]\n: b\n", "a key must be a plain text"),
    ]
    for (text, expected) in cases {
      let error = #expect(throws: LabProblems.self, "\(text)") { try YAMLDocument(text, file: "f.yaml") }
      #expect(error?.description.contains(expected) == true, "\(text): \(error?.description ?? "")")
    }
  }
}
