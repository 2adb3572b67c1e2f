import HTTPCore
import Synchronization

/// What is kept of a request whose answer comes later.
final class AwaitedAnswer {
  let line: AccessEntry.Line?
  /// When its last bytes could be read, in nanoseconds.
  let begun: Int
  /// What is to be said of the limit on requests.
  let fields: ResponseFields?

  init(line: AccessEntry.Line?, begun: Int, fields: ResponseFields?) {
    self.line = line
    self.begun = begun
    self.fields = fields
  }
}

/// A stream on its way to a client.
struct ClientStream {
  let stream: EventStream
  /// Where each piece that waits ends in the client's unsent bytes.
  var ends: [Int] = []
  /// Bytes of the next request have come; no more are read.
  var hasInput = false
}

extension Worker {
  /// Takes in a part of the answer to the request at hand.
  mutating func goOn(with part: AnswerPart, _ client: inout Client) {
    switch part {
    case .answer(let response):
      guard let awaited = client.awaited else { return }
      _ = write(response, awaited.fields, to: awaited.line, begun: awaited.begun, &client)
      proceed(&client)
    case .pieces(let pieces):
      if client.stream != nil { sendPieces(pieces, &client) }
    case .end:
      if client.stream != nil { endStream(&client) }
    }
  }

  /// The answer is complete: sends it, and serves on.
  private mutating func proceed(_ client: inout Client) {
    guard client.unsent.isEmpty else {
      client.wait(toSend: output[...], now: now, service.rules)
      output = []
      if !client.countBuffered(in: service) { remove(&client, for: .buffer) }
      return
    }
    setInterest(.read, of: &client)
    serve(&client, resuming: true)
  }

  // MARK: Streams

  /// Begins a stream; gives what the connection waits for, or nil if all of it is sent with that.
  mutating func begin(
    _ stream: EventStream, _ fields: ResponseFields?, to line: AccessEntry.Line?, _ client: inout Client
  ) -> HTTPConnection.Phase? {
    var head = stream.head
    if let fields { head.fields.append(contentsOf: fields) }
    let start = output.count
    let hasContent = client.http.beginStream(head, standing, closing: isDraining, into: &output)
    note(head, to: line, begun: wakeTime, bytes: output.count - start, client)
    guard hasContent, !isDraining else {
      if hasContent { client.http.endStream(closing: true, into: &output) }
      client.noteAnswer()
      stream.onEnd()
      return nil
    }
    client.stream = ClientStream(stream: stream)
    client.http.keepRest()
    return .answer
  }

  /// Sends pieces, as far as the socket takes them; lets the client go if too many wait.
  mutating func sendPieces(_ pieces: [[UInt8]], _ client: inout Client) {
    for piece in pieces where !piece.isEmpty {
      if client.stream?.ends.count == EventStream.bound {
        guard flush(&client) else { return }
        if client.stream?.ends.count == EventStream.bound { return remove(&client, for: .behind) }
      }
      client.http.append(piece: piece, into: &client.unsent)
      client.stream?.ends.append(client.unsent.count)
    }
    _ = flush(&client)
  }

  /// Sends what waits of a stream, as far as the socket takes it; false when the client is gone.
  mutating func flush(_ client: inout Client) -> Bool {
    guard !client.unsent.isEmpty else { return true }
    switch Socket.send(client.descriptor, client.unsent, from: client.sent) {
    case .failed:
      remove(&client)
      return false
    case .wouldBlock: client.noteSent(0, now: now, service.rules)
    case .bytes(let count): client.noteSent(count, now: now, service.rules)
    }
    client.dropSent()
    guard client.countBuffered(in: service) else {
      remove(&client, for: .buffer)
      return false
    }
    if client.unsent.isEmpty { client.updateDeadline(.answer, now: now, service.rules, answered: false) }
    let reads: Interest = client.stream?.hasInput == true ? [] : .read
    setInterest(client.unsent.isEmpty ? reads : .write, of: &client)
    countState(of: &client)
    return true
  }

  /// Ends the stream, and serves on.
  mutating func endStream(_ client: inout Client) {
    guard let stream = client.stream?.stream else { return }
    client.http.endStream(closing: isDraining, into: &output)
    client.noteAnswer()
    stream.onEnd()
    proceed(&client)
  }

  /// Reads while a stream is sent: the client's end, or the beginning of its next request, which has to wait.
  mutating func readBehindStream(_ client: inout Client) {
    switch Socket.receive(client.descriptor, into: &receiveBuffer) {
    case .wouldBlock: return
    case .failed, .bytes(0): remove(&client)
    case .bytes(let count):
      client.http.receive(receiveBuffer, count: count)
      client.http.keepRest()
      client.stream?.hasInput = true
      setInterest([], of: &client)
    }
  }
}
