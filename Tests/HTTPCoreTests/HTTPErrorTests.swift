import HTTPCore
import Testing

@Test func everyErrorNamesItsClause() {
  for error in HTTPError.allCases {
    #expect(error.clause.wholeMatch(of: /RFC \d{4} §\d+(\.\d+)*/) != nil, "\(error)")
    #expect(error.reason.hasSuffix("."), "\(error)")
    #expect((400...599).contains(error.status.rawValue) && !error.status.reason.isEmpty, "\(error)")
  }
}

@Test func limitsAreNamedAsTheyAreSet() {
  var limits = Limits()
  limits.requestLine = 1001
  limits.headerSection = 1002
  limits.fields = 1003
  limits.body = 1004
  limits.chunkOverhead = 1005
  limits.headerSeconds = 1006
  limits.bodyBytesPerSecond = 1007
  let named: [(HTTPError, String)] = [
    (.requestLineTooLong, "1001 bytes"), (.headerTooLarge, "1002 bytes"), (.tooManyFields, "1003 fields"),
    (.contentTooLarge, "1004 bytes"), (.chunkExtensionsTooLong, "1005 bytes"),
    (.trailersTooLong, "1005 bytes"), (.headerTimeout, "1006 seconds"),
  ]
  for (error, text) in named { #expect(error.limit(in: limits) == text) }
  #expect(HTTPError.bodyTimeout.limit(in: limits)?.contains("1007 bytes a second") == true)
  #expect(HTTPError.hostMissing.limit(in: limits) == nil)
}
