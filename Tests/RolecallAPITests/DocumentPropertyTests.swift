import Foundation
import HTTPCore
import JSON
import KVMModel
import Testing

@testable import RolecallAPI

/// Foundation reads the written documents as this package's own reader does, after random operations.
@Suite struct DocumentPropertyTests {
  @Test func foundationReadsTheSame() throws {
    let client = TestClient()
    var random = SplitMix(state: 2026)
    for preset in Preset.all {
      let path = try client.session(
        "{\"name\": \"\\u0007 \\\"é\\\" 😀\", \"preset\": \"\(preset.id)\", \"machine\": {\"vcpus\": 2, \"prev_roots\": \(1 + random.next(16))}}"
      )
      for _ in 0..<60 {
        let (name, body) = random.operation(vendor: preset.machine.vendor)
        let target = path + (name == "zap-all" ? "/zap-all" : "/vcpus/\(random.next(2))/\(name)")
        try compare(try client.post(target, body))
      }
      for target in [
        "", "?names=upstream", "/vcpus/1", "/vcpus/1/translate?address=0x1000", "/shadow-pages?entries=true",
        "/memory?gpa=0",
      ] {
        try compare(try client.get(path + target))
      }
    }
    try compare(try client.get("/v1/kernels"))
    try compare(try client.get("/openapi.json"))
  }

  /// What is kept is sent only as long as it is right: asked for all its keys by name, a vCPU is written anew.
  @Test func keptDocumentsAreThoseWrittenAnew() throws {
    let client = TestClient()
    var random = SplitMix(state: 7)
    let keys = VCPU.documentKeys.joined(separator: ",")
    for preset in Preset.all {
      let path = try client.session(
        "{\"preset\": \"\(preset.id)\", \"machine\": {\"vcpus\": 2, \"prev_roots\": \(1 + random.next(5))}}")
      for _ in 0..<80 {
        let (name, body) = random.operation(vendor: preset.machine.vendor)
        let vcpu = "/vcpus/\(random.next(2))"
        let answer = try client.post(path + (name == "zap-all" ? "/zap-all" : "\(vcpu)/\(name)"), body)
        let shown = try client.get(path + vcpu)
        #expect(shown.text == (try client.get(path + vcpu)).text)
        #expect(shown.text == (try client.get(path + "\(vcpu)?fields=\(keys)")).text)
        if answer.status == 200, name != "zap-all" {
          #expect(answer.json["vcpu"] == shown.json.without("names"), "\(name)")
        }
      }
    }
  }

  private func compare(_ answer: TestClient.Answer) throws {
    let theirs = try JSONSerialization.jsonObject(with: Data(answer.response.body)) as? NSObject
    let ours = try JSONValue(parsing: answer.response.body)
    #expect(theirs == ours.foundation, "\(answer.text.prefix(300))")
  }
}

extension JSONValue {
  /// The value as Foundation has it.
  fileprivate var foundation: NSObject {
    switch self {
    case .null: NSNull()
    case .bool(let bool): NSNumber(value: bool)
    case .number(let number):
      number.integer.map { NSNumber(value: $0) } ?? NSNumber(value: number.double ?? .nan)
    case .string(let string): NSString(string: string)
    case .array(let elements): NSArray(array: elements.map(\.foundation))
    case .object(let object):
      NSDictionary(
        dictionary: Dictionary(uniqueKeysWithValues: object.members.map { ($0.key, $0.value.foundation) }))
    }
  }
}

/// A small generator with a seed (SplitMix64), so that a failure can be repeated.
private struct SplitMix {
  var state: UInt64

  mutating func word() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  mutating func next(_ bound: UInt64) -> UInt64 { word() % bound }

  mutating func operation(vendor: Vendor) -> (name: String, body: String) {
    let nesting =
      vendor == .intel
      ? #"{"eptp": "0x\#(String((next(4) << 12) | 0x5e, radix: 16))"}"# : "{\"ncr3\": \(next(4) << 12)}"
    let operations = [
      ("set-cr", #"{"register": "cr3", "value": \#((next(8) + 1) << 12)}"#),
      ("set-cr", #"{"register": "cr4", "value": "\#(hex(0x20 ^ (word() & 0x30_0090)))"}"#),
      ("set-cr", #"{"register": "cr0", "value": "\#(hex(0x8005_0033 ^ (word() & 0x1_0000)))"}"#),
      ("set-efer", #"{"value": "\#(hex(0xd01 ^ (word() & 0x1800)))"}"#), ("nested-enter", nesting),
      ("nested-exit", "{}"), ("smm-enter", "{}"), ("smm-leave", "{}"), ("zap-all", "{}"),
      ("invlpg", #"{"gva": "\#(hex(word()))"}"#),
      ("walk", #"{"address": "\#(hex(word()))", "access": "write"}"#),
      ("set-sregs", #"{"cr0": 17, "cr4": 0, "efer": 0, "cs_l": false}"#),
    ]
    return operations[Int(next(UInt64(operations.count)))]
  }
}
