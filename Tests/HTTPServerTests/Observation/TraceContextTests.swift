import Testing

@testable import HTTPCore
@testable import HTTPServer

@Suite struct TraceContextTests {
  private let trace = "0af7651916cd43dd8448eb211c80319c"
  private let parent = "b7ad6b7169203331"

  @Test func aWellFormedFieldIsTaken() throws {
    for value in [
      "00-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-00", "01-\(trace)-\(parent)-01",
      "cc-\(trace)-\(parent)-09-what-comes-later",
    ] {
      let context = try #require(TraceContext(ArraySlice(value.utf8)), "\(value)")
      #expect(context.traceID == trace && context.parentID == parent, "\(value)")
    }
  }

  @Test func aBadFieldIsNone() {
    for value in [
      "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-", "00-\(trace)-\(parent)-0",
      "00-\(trace)-\(parent)-01-more", "00-\(trace)-\(parent)-011", "01-\(trace)-\(parent)-01more",
      "ff-\(trace)-\(parent)-01", "0x-\(trace)-\(parent)-01", "00-\(trace.uppercased())-\(parent)-01",
      "00-\(String(repeating: "0", count: 32))-\(parent)-01",
      "00-\(trace)-\(String(repeating: "0", count: 16))-01",
      "00_\(trace)_\(parent)_01", "00-\(trace)-\(parent)-0g", "00-\(trace.dropLast())ä-\(parent)-01",
    ] {
      #expect(TraceContext(ArraySlice(value.utf8)) == nil, "\(value)")
    }
  }

  @Test func oneFieldIsTakenAndTwoAreNone() throws {
    let field = (name: "Traceparent", value: "00-\(trace)-\(parent)-01")
    #expect(TraceContext(try Request(.get, "/")) == nil)
    #expect(TraceContext(try Request(.get, "/", fields: [field]))?.traceID == trace)
    #expect(TraceContext(try Request(.get, "/", fields: [field, field])) == nil)
  }
}
