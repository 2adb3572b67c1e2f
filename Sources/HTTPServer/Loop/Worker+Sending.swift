import HTTPCore
import Synchronization

extension Worker {
  /// Sends the output; what the socket does not take is kept for later. False when the connection is gone.
  mutating func send(_ client: inout Client) -> Bool {
    guard !output.isEmpty else { return true }
    // What a large answer needed is given back.
    defer { output.removeAll(keepingCapacity: output.capacity <= 4 * service.rules.limits.pendingOutput) }
    var taken = 0
    switch Socket.send(client.descriptor, output, from: 0) {
    case .failed:
      remove(&client)
      return false
    case .bytes(let count): taken = count
    case .wouldBlock: break
    }
    guard taken < output.count else { return true }
    client.wait(toSend: output[taken...], now: now, service.rules)
    setInterest(.write, of: &client)
    return true
  }

  mutating func resumeSending(_ client: inout Client) {
    if client.stream != nil { return _ = flush(&client) }
    switch Socket.send(client.descriptor, client.unsent, from: client.sent) {
    case .wouldBlock: return
    case .failed: return remove(&client)
    case .bytes(let count): client.noteSent(count, now: now, service.rules)
    }
    guard client.unsent.isEmpty else { return }
    setInterest(.read, of: &client)
    serve(&client, resuming: true)
  }

  func setInterest(_ interest: Interest, of client: inout Client) {
    guard client.interest != interest else { return }
    client.interest = interest
    poller.modify(client.descriptor, token: client.token, interest: interest)
  }

  // MARK: Closing

  /// Sends FIN, then reads what still comes for a while, so that the last answer is not lost to a reset
  /// (RFC 9112 §9.6).
  func beginLinger(_ client: inout Client) {
    if client.isPeerDone { return remove(&client) }
    Socket.shutdownWrite(client.descriptor)
    client.isLingering = true
    countState(of: &client)
    client.deadline = now + service.rules.limits.lingerSeconds * 1000
  }

  /// Closes a connection, where a limit ended it for that reason.
  func remove(_ client: inout Client, for end: ConnectionEnd? = nil) {
    guard client.isOpen else { return }
    metrics.counts.withLock {
      $0.move(from: client.counted, to: nil)
      if let end { $0.count(end) }
    }
    client.uncountBuffered(in: service)
    client.stream?.stream.onEnd()
    poller.close(client.descriptor)
    client.close(service)
    service.connections.subtract(1, ordering: .relaxed)
  }

  /// Closes an accepted connection that comes too late.
  func drop(_ descriptor: Int32) {
    Socket.close(descriptor)
    service.connections.subtract(1, ordering: .relaxed)
  }
}
