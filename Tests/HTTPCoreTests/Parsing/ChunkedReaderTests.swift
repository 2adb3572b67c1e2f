import HTTPCore
import Testing

@Test func chunkedBodiesAreDecoded() {
  let cases: [(String, String?)] = [
    ("0\r\n\r\n", ""), ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
    ("a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789"),
    ("0000000000000000000000000005\r\nhello\r\n0\r\n\r\n", "hello"),
    ("5;a=b\r\nhello\r\n0;a\r\n\r\n", "hello"), ("5 ; a = b;c\r\nhello\r\n0;a=\"b;\\\"\r\"\r\n\r\n", nil),
    ("5 ; a = b;c\r\nhello\r\n0;a=\"b;\\\" \"\r\n\r\n", "hello"),
    ("5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 9\r\n\r\n", "hello"),
  ]
  for (body, content) in cases {
    let action = content.map { "POST / \($0)" } ?? "refuse chunkExtensionMalformed"
    #expect(Exchange(chunked(body)).actions == [action], "\(body.debugDescription)")
  }
}

@Test func malformedChunksAreRefused() {
  let cases: [(String, HTTPError)] = [
    ("\r\n", .chunkSizeMalformed), ("0x5\r\n", .chunkSizeMalformed), ("+5\r\n", .chunkSizeMalformed),
    ("-0\r\n", .chunkSizeMalformed), ("g\r\n", .chunkSizeMalformed), (" 5\r\n", .chunkSizeMalformed),
    ("5\n", .chunkSizeMalformed), ("5\rX", .bareCarriageReturn), ("5 5\r\n", .chunkExtensionMalformed),
    ("5 \r\n", .chunkExtensionMalformed), ("5;\r\n", .chunkExtensionMalformed),
    ("5;=b\r\n", .chunkExtensionMalformed), ("5;a=\r\n", .chunkExtensionMalformed),
    ("5;a=\"b\r\n", .chunkExtensionMalformed), ("5;a\nhello", .chunkExtensionMalformed),
    ("5\r\nhello!\r\n", .chunkDataMalformed), ("5\r\nhell\r\n0\r\n", .chunkDataMalformed),
    ("5\r\nhello\n", .chunkDataMalformed), ("5\r\nhello\rX", .chunkDataMalformed),
    ("400001\r\n", .contentTooLarge), ("10000000000000005\r\n", .contentTooLarge),
    ("7fffffffffffffff\r\n", .contentTooLarge), ("ffffffffffffffff\r\n", .contentTooLarge),
    ("1\r\nx\r\n400000\r\n", .contentTooLarge),
    ("0\r\nX : y\r\n", .trailerMalformed), ("0\r\nX\r\n", .trailerMalformed),
    ("0\r\n: y\r\n", .trailerMalformed),
    ("0\r\n X: y\r\n", .trailerMalformed), ("0\r\nX: a\u{0}\r\n", .trailerMalformed),
    ("0\r\nX: a\rb", .trailerMalformed), ("0\r\nX: a\nY", .trailerMalformed), ("0\n\n", .chunkSizeMalformed),
    ("1;" + String(repeating: "e", count: 8192) + "\r\n", .chunkExtensionsTooLong),
    (String(repeating: "0", count: 9000), .chunkExtensionsTooLong),
    ("0\r\nX:" + String(repeating: "e", count: 8192), .trailersTooLong),
  ]
  for (body, error) in cases {
    #expect(Exchange(chunked(body)).actions == ["refuse \(error)"], "\(body.prefix(30).debugDescription)")
  }
}

@Test func manySmallChunksAreOrdinary() {
  let body = String(repeating: "1\r\nx\r\n", count: 10_000) + "0\r\n\r\n"
  let exchange = Exchange(chunked(body))
  #expect(exchange.requests.first?.body.count == 10_000)
}
