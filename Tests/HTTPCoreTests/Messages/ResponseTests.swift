import HTTPCore
import Testing

@Test func responseFieldsKeepOrderAndFindNames() {
  var fields: ResponseFields = [("Content-Type", "text/plain"), ("Link", "a")]
  fields.append("Link", "b: c")
  #expect(fields["content-type"] == "text/plain")
  #expect(fields["LINK"] == "a")
  #expect(fields["Lin"] == nil)
  var others = ResponseFields()
  others.append(contentsOf: fields)
  #expect(others == fields)
}

@Test func noValueStartsAnotherLine() {
  let fields: ResponseFields = [("Location", "/a\r\nX-Injected: yes\u{0}\u{7f}")]
  #expect(fields["Location"] == "/a  X-Injected: yes  ")
  #expect(fields["X-Injected"] == nil)
}

@Test func statusesAreThreeDigits() {
  #expect(Status(rawValue: 99) == nil)
  #expect(Status(rawValue: 600) == nil)
  #expect(Status(rawValue: 599)?.reason == "")
}
