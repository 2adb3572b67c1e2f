import HTTPCore
import Testing

@Test func everyErrorNamesItsClause() {
  for error in HTTPError.allCases {
    #expect(error.clause.wholeMatch(of: /RFC \d{4} §\d+(\.\d+)*/) != nil, "\(error)")
    #expect(error.reason.hasSuffix("."), "\(error)")
    #expect((400...599).contains(error.status.rawValue) && !error.status.reason.isEmpty, "\(error)")
  }
}
