import HTTPCore
import Testing

@testable import RolecallAPI

#if canImport(FoundationXML)
  import FoundationXML
#else
  import Foundation
#endif

/// Drawings as `Accept: image/svg+xml` gives them.
@Suite struct DrawingTests {
  private let client = TestClient()
  private static let svg = [(name: "Accept", value: "image/svg+xml")]

  /// The text of a drawing's elements of a name, once it is known to be a whole XML document.
  private func texts(_ answer: TestClient.Answer, _ element: String = "text") throws -> [String] {
    #expect(answer.status == 200 && answer.field("Content-Type") == "image/svg+xml", "\(answer.text)")
    let document = try XMLDocument(xmlString: answer.text)
    #expect(document.rootElement()?.name == "svg")
    return try document.nodes(forXPath: "//*[local-name()='\(element)']").compactMap(\.stringValue)
  }

  @Test func aVCPUIsDrawnWithItsThreeMMUs() throws {
    let path = try client.session(#"{"preset": "intel-shadow", "machine": {"vcpus": 2}}"#)
    let texts = try texts(client.get("\(path)/vcpus/1", fields: Self.svg))
    #expect(texts.first == "vCPU 1  L1, paging 4-level")
    #expect(texts.contains("root_mmu  \u{25c0} mmu, walk_mmu") && texts.contains("nested_mmu"))
    #expect(texts.contains("vcpu_role 0x8100003704") && texts.contains("smep_andnot_wp"))
    #expect(texts.filter { $0 == "prev_roots[2]" }.count == 2)
    let session = try self.texts(client.get(path, fields: Self.svg))
    #expect(session.filter { $0.hasPrefix("vCPU ") }.count == 2)
  }

  @Test func aSearchIsDrawnWithWhatItFoundInEachSlot() throws {
    let path = try client.session(
      #"{"preset": "intel-shadow", "operations": [{"op": "set-cr", "register": "cr3", "value": "0x2000"}]}"#)
    let hit = try texts(
      client.post("\(path)/vcpus/0/set-cr", #"{"register": "cr3", "value": "0x1000"}"#, fields: Self.svg))
    #expect(hit.first == "root_mmu looks for pgd 0x1000, role 0x3704: hit in slot 0")
    #expect(hit.contains("\u{2713} hit") && hit.contains("\u{2260} pgd-differs"))
    let nested = try client.post(
      "\(path)/vcpus/0/nested-enter", #"{"ept": false, "l2": {"cr3": "0x1000"}}"#, fields: Self.svg)
    #expect(try texts(nested).contains("  guest_mode"))
    #expect(try texts(nested, "desc").first?.contains("role-differs (guest_mode)") == true)
  }

  @Test func evictedRootsAreNamed() throws {
    let operations = (2...5).map { #"{"op": "set-cr", "register": "cr3", "value": "0x\#($0)000"}"# }
    let path = try client.session(
      #"{"preset": "intel-shadow", "operations": [\#(operations.joined(separator: ","))]}"#)
    let answer = try client.post(
      "\(path)/vcpus/0/set-cr", #"{"register": "cr3", "value": "0x6000"}"#, fields: Self.svg)
    #expect(try texts(answer).contains("let go: 0x100001000"))
  }

  @Test func aWalkIsDrawnEntryByEntry() throws {
    let words =
      ##""at": [["0x1000", "0x2007"], ["0x2000", "0x3007"], ["0x3000", "0x4007"], ["0x4038", "0x5007"]]"##
    let path = try client.session(
      #"{"preset": "intel-shadow", "operations": [{"op": "write-memory", \#(words)}]}"#)
    let answer = try client.get("\(path)/vcpus/0/translate?address=0x7123", fields: Self.svg)
    #expect(try texts(answer).last == "gpa 0x5123, 4 references")
    #expect(try texts(answer, "title").count == 4)
    #expect(answer.text.matches(of: /data-step="4"/).count == 1)
    #expect(answer.field("ETag") == "\"2-svg\"")
    let again = Self.svg + [(name: "If-None-Match", value: "\"2-svg\"")]
    #expect(try client.get("\(path)/vcpus/0/translate?address=0x7123", fields: again).status == 304)
    let operation = try client.post("\(path)/vcpus/0/walk", #"{"address": "0x7123"}"#, fields: Self.svg)
    #expect(try texts(operation) == texts(answer))
  }

  @Test func aResultHoldsItsDrawingWhereItIsAskedFor() throws {
    let path = try client.session(#"{"preset": "intel-shadow"}"#)
    let body = #"{"register": "cr3", "value": "0x2000"}"#
    let drawn = try client.post("\(path)/vcpus/0/set-cr?fields=outcome,lookups,drawing", body)
    #expect(drawn.json.keys == ["outcome", "lookups", "drawing"])
    #expect(drawn.json["drawing"].string?.hasPrefix("<svg ") == true)
    let none = try client.post("\(path)/vcpus/0/set-pkru?fields=drawing", #"{"value": "0x4"}"#)
    #expect(none.text == #"{"drawing":null}"#)
    let empty = try client.post("\(path)/vcpus/0/set-pkru", #"{"value": "0x0"}"#, fields: Self.svg)
    #expect(try texts(empty) == ["no root was looked for, and no table was walked"])
    #expect(try client.post("\(path)/vcpus/0/set-cr", body).json.keys.contains("drawing") == false)
  }

  @Test func textIsEscaped() throws {
    var drawing = Drawing()
    drawing.text(0, 0, "<b> & \"c\"")
    drawing.describe(["</desc><script>"])
    let document = try XMLDocument(xmlString: drawing.svg("a \"label\" <&>"))
    #expect(try document.nodes(forXPath: "//*[local-name()='text']").first?.stringValue == "<b> & \"c\"")
    #expect(try document.nodes(forXPath: "/*/@aria-label").first?.stringValue == "a \"label\" <&>")
    #expect(try document.nodes(forXPath: "//*[local-name()='script']").isEmpty)
  }
}
