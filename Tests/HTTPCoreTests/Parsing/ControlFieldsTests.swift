import HTTPCore
import Testing

@Test func framingFollowsTheFields() {
  let cases: [(fields: String, body: String, action: String)] = [
    ("Content-Length: 5", "hello", "POST / hello"), ("Content-Length: 0005", "hello", "POST / hello"),
    ("Content-Length: 0", "", "POST / "), ("X: y", "", "POST / "), ("Content_Length: 9", "", "POST / "),
    ("Transfer-Encoding: Chunked", "1\r\nx\r\n0\r\n\r\n", "POST / x"),
    ("Content-Length: 5\r\nContent-Length: 5", "hello", "refuse contentLengthRepeated"),
    ("Content-Length: 5, 5", "hello", "refuse contentLengthMalformed"),
    ("Content-Length: +5", "hello", "refuse contentLengthMalformed"),
    ("Content-Length: -0", "", "refuse contentLengthMalformed"),
    ("Content-Length: 0x5", "hello", "refuse contentLengthMalformed"),
    ("Content-Length:", "hello", "refuse contentLengthMalformed"),
    ("Content-Length: 5a", "hello", "refuse contentLengthMalformed"),
    ("Content-Length: 4194305", "", "refuse contentTooLarge"),
    ("Content-Length: 9223372036854775808", "", "refuse contentTooLarge"),
    ("Content-Length: 18446744073709551621", "", "refuse contentTooLarge"),
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", "", "refuse contentLengthWithTransferEncoding"),
    ("Transfer-Encoding: chunked\r\nContent-Length: 0", "", "refuse contentLengthWithTransferEncoding"),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "", "refuse transferEncodingRepeated"),
    ("Transfer-Encoding: gzip, chunked", "", "refuse transferCodingUnsupported"),
    ("Transfer-Encoding: chunked, gzip", "", "refuse chunkedNotFinal"),
    ("Transfer-Encoding: xchunked", "", "refuse chunkedNotFinal"),
    ("Transfer-Encoding:", "", "refuse chunkedNotFinal"),
    ("Transfer-Encoding: chunked;q=1", "", "refuse chunkedNotFinal"),
    ("Expect: x", "", "refuse expectationUnknown"),
  ]
  for (fields, body, action) in cases {
    let exchange = Exchange("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(body)")
    #expect(exchange.actions == [action], "\(fields)")
  }
  let old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
  #expect(Exchange(old).actions == ["refuse transferEncodingInHTTP1_0"])
}

@Test func persistenceFollowsConnectionAndVersion() {
  let cases: [(version: String, fields: String, closes: Bool)] = [
    ("HTTP/1.1", "", false), ("HTTP/1.1", "Connection: close\r\n", true),
    ("HTTP/1.1", "Connection: foo , Close\r\n", true),
    ("HTTP/1.1", "Connection: a\r\nConnection: close\r\n", true),
    ("HTTP/1.1", "Connection: close ,\r\n", true), ("HTTP/1.1", "Connection: closed, xclose\r\n", false),
    ("HTTP/1.1", "Connection: keep-alive, close\r\n", true), ("HTTP/1.0", "", true),
    ("HTTP/1.0", "Connection: Keep-Alive\r\n", false),
    ("HTTP/1.0", "Connection: keep-alive, close\r\n", true),
  ]
  for (version, fields, closes) in cases {
    let exchange = Exchange(get(fields, version: version) + get())
    #expect(exchange.connection.isClosing == closes, "\(version) \(fields)")
    #expect(exchange.actions.count == (closes ? 1 : 2), "\(version) \(fields)")
    let answer = String(decoding: exchange.output, as: UTF8.self)
    #expect(answer.contains("Connection: close\r\n") == closes, "\(version) \(fields)")
  }
}
