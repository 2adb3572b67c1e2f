import HTTPCore

/// The request fields that the service looks at.
extension FieldName {
  static let accept = FieldName("Accept")
  static let accessControlRequestMethod = FieldName("Access-Control-Request-Method")
  static let authorization = FieldName("Authorization")
  static let contentEncoding = FieldName("Content-Encoding")
  static let contentType = FieldName("Content-Type")
  static let idempotencyKey = FieldName("Idempotency-Key")
  static let ifMatch = FieldName("If-Match")
  static let ifNoneMatch = FieldName("If-None-Match")
  static let lastEventID = FieldName("Last-Event-ID")
  static let origin = FieldName("Origin")
  static let prefer = FieldName("Prefer")
  static let secFetchSite = FieldName("Sec-Fetch-Site")
}
