import JSON
import Testing

@testable import Labs

@Suite("Variants")
struct VariantTests {
  @Test("the same student has the same variant, in any process")
  func stable() throws {
    let parameter = Parameter(name: "cr3", choices: (0..<10).map(JSONValue.integer))
    let drawn = ["ada", "bob", "grace", "", "Ada", "ünal"].map { parameter.value(for: $0, in: "05-pcid") }
    #expect(drawn == [8, 3, 3, 7, 4, 1].map(JSONValue.integer))
    #expect(parameter.value(for: nil, in: "05-pcid") == .integer(0))
  }

  @Test("all choices are drawn about equally often, and differently for each lab and parameter")
  func spread() {
    let choices = (0..<8).map(JSONValue.integer)
    for name in ["a", "b"] {
      var counts = [Int](repeating: 0, count: 8)
      for student in 0..<4_000 {
        guard
          case .number(let number) = Parameter(name: name, choices: choices).value(
            for: "s\(student)", in: "x")
        else { continue }
        counts[number.integer ?? 0] += 1
      }
      #expect(counts.allSatisfy { (400...600).contains($0) }, "\(counts)")
    }
    let a = (0..<100).map { Parameter(name: "a", choices: choices).value(for: "s\($0)", in: "x") }
    let b = (0..<100).map { Parameter(name: "b", choices: choices).value(for: "s\($0)", in: "x") }
    let y = (0..<100).map { Parameter(name: "a", choices: choices).value(for: "s\($0)", in: "y") }
    #expect(a != b)
    #expect(a != y)
  }

  @Test("values stand in for their names")
  func texts() throws {
    let variant = Variant(values: [
      ("cr3", .string("0x1000")), ("n", .integer(3)), ("pair", try json(#"{"x": "y", "ops": [1]}"#)),
    ])
    var refused: [String] = []
    let cases: [(String, JSONValue)] = [
      ("a ${cr3} b ${n}", .string("a 0x1000 b 3")), ("${n}", .integer(3)),
      ("${pair.ops}", .array([.integer(1)])),
      ("${pair.x}!", .string("y!")),
      ("CR3 is ${vcpu.cr3}, ${count(attempts)}", .string("CR3 is ${vcpu.cr3}, ${count(attempts)}")),
      ("$cr3 ${", .string("$cr3 ${")),
    ]
    for (text, expected) in cases {
      #expect(variant.text(text) { refused.append($0) } == expected, "\(text)")
    }
    #expect(refused.isEmpty)
    _ = variant.text("${x} ${pair} ${pair.z}") { refused.append($0) }
    #expect(refused.count == 3)
    #expect(refused[0] == "${x} is no parameter; there are cr3, n, pair")
    #expect(refused[1] == "${pair} is an object; name one of its members")
  }
}
