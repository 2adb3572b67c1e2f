import Foundation
import HTTPCore
import Testing

/// Raw requests, good and hostile, each with what RFC 9110 and 9112 ask for: `refused` or `accepted` as the first thing
/// that happens, or `any` where that is not decided by the syntax.
private struct RequestFixture {
  let id: String
  let expected: String
  let clause: String
  let bytes: [UInt8]

  static func all() throws -> [RequestFixture] {
    let url = try #require(
      Bundle.module.url(forResource: "requests", withExtension: "tsv", subdirectory: "Fixtures"))
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      let data = try #require(columns.count == 4 ? Data(base64Encoded: columns[3]) : nil)
      return RequestFixture(id: columns[0], expected: columns[1], clause: columns[2], bytes: Array(data))
    }
  }
}

@Test func everyRequestIsJudgedAsTheClausesSay() throws {
  var judged = 0
  for fixture in try RequestFixture.all() where fixture.expected != "any" {
    let first = Exchange([fixture.bytes]).actions.first { $0 != "continue" } ?? ""
    #expect(
      first.hasPrefix("refuse") == (fixture.expected == "refused") && !first.isEmpty,
      "\(fixture.id) (RFC \(fixture.clause)): \(first)")
    judged += 1
  }
  #expect(judged > 300)
}

/// What happens, besides 100 (Continue), which is sent just if a body is still to come.
private func outcome(_ pieces: [[UInt8]]) -> (actions: [String], output: [UInt8]) {
  let exchange = Exchange(pieces)
  return (exchange.actions.filter { $0 != "continue" }, exchange.output)
}

@Test func noRequestDependsOnHowItIsSplit() throws {
  let fixtures = try RequestFixture.all()
  #expect(fixtures.count > 500)
  for fixture in fixtures {
    let whole = outcome([fixture.bytes])
    let single = outcome(fixture.bytes.map { [$0] })
    #expect(single == whole, "\(fixture.id) byte by byte")
    // Every place for short requests, every seventh for long ones.
    let step = fixture.bytes.count > 300 ? 7 : 1
    for place in stride(from: 0, through: fixture.bytes.count, by: step) {
      let split = outcome([Array(fixture.bytes[..<place]), Array(fixture.bytes[place...])])
      #expect(split == whole, "\(fixture.id) at \(place)")
    }
  }
}
