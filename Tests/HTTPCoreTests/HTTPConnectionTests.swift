import HTTPCore
import Testing

/// Inputs of every kind, good and bad.
private let inputs = [
  get(), "\r\n" + get("X: y\r\n"), get() + get(target: "/b?c") + "BAD\u{0}",
  "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + get(),
  chunked("5;a=\"b\"\r\nhello\r\n1\r\n!\r\n0\r\nX: y\r\n\r\n") + get(),
  get("Connection: close\r\n") + get(), get("X : y\r\n"), "GET / HTTP/2.0\r\n\r\n",
  "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + get(version: "HTTP/1.0"), chunked("5\r\nhelloXX"),
  "GET / HTTP/1.1\n",
]

@Test func everySplitOfTheInputGivesTheSameResult() {
  for input in inputs {
    let bytes = Array(input.utf8)
    let whole = Exchange([bytes])
    #expect(!whole.actions.isEmpty)
    #expect(Exchange(bytes.map { [$0] }).actions == whole.actions, "\(input.debugDescription)")
    for first in 0...bytes.count {
      for second in stride(from: first, through: bytes.count, by: 7) {
        let exchange = Exchange([
          Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...]),
        ])
        #expect(exchange.actions == whole.actions && exchange.output == whole.output, "\(first) \(second)")
      }
    }
  }
}

@Test func pipelinedRequestsAreAnsweredInOrder() {
  let exchange = Exchange((0..<50).map { get(target: "/\($0)") }.joined())
  #expect(exchange.actions == (0..<50).map { "GET /\($0) " })
}

@Test func requestsOutliveTheirBuffer() {
  var exchange = Exchange(get("X: kept\r\n", target: "/kept"))
  exchange.receive(Array(get("X: other\r\n", target: "/other").utf8))
  #expect(exchange.requests.map(\.path) == ["/kept", "/other"])
  #expect(exchange.requests.map { $0[field: "x"] } == ["kept", "other"])
}

@Test func restOfABorrowedBufferIsKept() throws {
  var connection = HTTPConnection(limits: Limits())
  var buffer = Array((get(target: "/1") + get(target: "/2")).utf8)
  connection.receive(buffer, count: buffer.count)
  guard case .request = connection.next() else {
    Issue.record("no first request")
    return
  }
  var output: [UInt8] = []
  connection.answer(Response(200), Exchange.standing, into: &output)
  connection.keepRest()
  for index in buffer.indices { buffer[index] = 0 }
  guard case .request(let second) = connection.next() else {
    Issue.record("no second request")
    return
  }
  #expect(second.path == "/2")
}

@Test func continueIsSentOnceAndOnlyWhenAwaited() {
  let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n"
  #expect(
    Exchange([Array(head.utf8), Array("he".utf8), Array("llo".utf8)]).actions == ["continue", "POST / hello"])
  #expect(Exchange(head + "hello").actions == ["POST / hello"])
  #expect(Exchange(get("Expect: 100-continue\r\n")).actions == ["GET / "])
  let old = head.replacing("HTTP/1.1", with: "HTTP/1.0")
  #expect(Exchange([Array(old.utf8), Array("hello".utf8)]).actions == ["POST / hello"])
  let large = head.replacing("Length: 5", with: "Length: 4194305")
  #expect(Exchange(large).actions == ["refuse contentTooLarge"])
  let chunks = head.replacing("Content-Length: 5", with: "Transfer-Encoding: chunked")
  let pieces = [chunks, "1\r\nx\r\n", "0\r\n\r\n"].map { Array($0.utf8) }
  #expect(Exchange(pieces).actions == ["continue", "POST / x"])
}

@Test func phaseTellsWhatIsAwaited() {
  var exchange = Exchange()
  #expect(exchange.connection.phase == .idle)
  let steps: [(String, HTTPConnection.Phase)] = [
    ("P", .head), ("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", .body), ("hell", .body),
    ("o", .idle),
    ("\r\n", .head), (get(), .idle), (chunked("1\r\n"), .body),
  ]
  for (input, phase) in steps {
    exchange.receive(Array(input.utf8))
    #expect(exchange.connection.phase == phase, "\(input.debugDescription)")
  }
}

@Test func unfinishedRequestsAreRefusedAtTheEndAndInTime() {
  let cases: [(String, end: String?, late: String?)] = [
    ("", nil, nil), (get(), nil, nil), ("GET /", "incompleteMessage", "headerTimeout"),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell", "incompleteMessage", "bodyTimeout"),
    (chunked("5\r\nhello\r\n0\r\n"), "incompleteMessage", "bodyTimeout"),
  ]
  for (input, end, late) in cases {
    for (expected, isEnd) in [(end, true), (late, false)] {
      var exchange = Exchange(input)
      let before = exchange.actions
      let action = isEnd ? exchange.connection.inputEnded() : exchange.connection.timedOut()
      if let action { exchange.perform(action) }
      #expect(
        exchange.actions == before + (expected.map { ["refuse \($0)"] } ?? []), "\(input.debugDescription)")
      #expect(exchange.connection.isClosing)
    }
  }
}

@Test func nothingIsReadAfterTheLastAnswer() {
  var exchange = Exchange("GET / HTTP/2.0\r\n\r\n")
  exchange.receive(Array(get().utf8))
  #expect(exchange.actions == ["refuse versionUnsupported"])
}

@Test func mutatedInputsNeverDependOnTheSplit() {
  var random: UInt64 = 0x9e37_79b9_7f4a_7c15
  func next(_ bound: Int) -> Int {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return Int(random % UInt64(bound))
  }
  let telling = Array("\r\n\r\n\t :;,%/?*\"\\0123456789abcdefFG\u{0}\u{7f}".utf8)
  for round in 0..<5000 {
    var bytes = Array(inputs[round % inputs.count].utf8)
    for _ in 0...next(4) {
      let index = next(bytes.count)
      switch next(3) {
      case 0: bytes[index] = telling[next(telling.count)]
      case 1: bytes.insert(telling[next(telling.count)], at: index)
      default: bytes.remove(at: index)
      }
    }
    let whole = Exchange([bytes])
    let split = Exchange(bytes.map { [$0] })
    #expect(whole.actions == split.actions && whole.output == split.output, "\(bytes)")
  }
}
