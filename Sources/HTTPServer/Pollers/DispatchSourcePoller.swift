import Dispatch

/// ``Poller`` on Dispatch sources, for any platform that has Dispatch.
///
/// A source that fires is suspended until the next wait, which makes it level-triggered.
///
/// `@unchecked Sendable`: everything mutable is touched on `queue` only, by the sources' handlers or through `sync`.
final class DispatchSourcePoller: Poller, @unchecked Sendable {
  /// One source and whether it runs.
  private struct Watch {
    let source: any DispatchSourceProtocol
    var isArmed = false
  }

  private struct Entry {
    let token: UInt64
    var interest: Interest
    var read: Watch
    var write: Watch
    /// Whether the peer has closed or reset: Dispatch reports that once, perhaps before all input is read.
    var isHungUp = false
  }

  private let queue = DispatchQueue(label: "http.poller")
  private let semaphore = DispatchSemaphore(value: 0)
  private var entries: [Int32: Entry] = [:]
  private var fired: [(descriptor: Int32, readiness: Readiness)] = []
  private var toArm: [Int32] = []

  func add(_ descriptor: Int32, token: UInt64, interest: Interest) {
    queue.sync {
      let read = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
      let write = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
      read.setEventHandler { [unowned self] in fire(descriptor, token, \.read, .read) }
      write.setEventHandler { [unowned self] in fire(descriptor, token, \.write, .write) }
      entries[descriptor] = Entry(
        token: token, interest: interest, read: Watch(source: read), write: Watch(source: write))
      arm(descriptor)
    }
  }

  func modify(_ descriptor: Int32, token: UInt64, interest: Interest) {
    queue.sync {
      entries[descriptor]?.interest = interest
      arm(descriptor)
    }
  }

  func close(_ descriptor: Int32) {
    queue.sync {
      guard let entry = entries.removeValue(forKey: descriptor) else { return }
      fired.removeAll { $0.descriptor == descriptor }
      // Dispatch needs the descriptor until both sources have ended.
      let ended = DispatchGroup()
      for watch in [entry.read, entry.write] {
        ended.enter()
        watch.source.setCancelHandler { ended.leave() }
        watch.source.cancel()
        if !watch.isArmed { watch.source.resume() }
      }
      ended.notify(queue: queue) { Socket.close(descriptor) }
    }
  }

  func wait(milliseconds: Int?, into events: inout [Readiness]) {
    let isReady = queue.sync {
      for descriptor in toArm { arm(descriptor) }
      toArm.removeAll(keepingCapacity: true)
      return !fired.isEmpty
    }
    if !isReady {
      let deadline = milliseconds.map { DispatchTime.now() + .milliseconds($0) } ?? .distantFuture
      _ = semaphore.wait(timeout: deadline)
    }
    events = queue.sync {
      defer { fired.removeAll(keepingCapacity: true) }
      toArm += fired.map(\.descriptor)
      return fired.map(\.readiness)
    }
  }

  func wake() {
    semaphore.signal()
  }

  private func fire(
    _ descriptor: Int32, _ token: UInt64, _ watch: WritableKeyPath<Entry, Watch>, _ ready: Interest
  ) {
    guard var entry = entries[descriptor], entry.token == token else { return }
    if ready == .read, entry.read.source.data == 0 { entry.isHungUp = true }
    entry[keyPath: watch].source.suspend()
    entry[keyPath: watch].isArmed = false
    entries[descriptor] = entry
    guard entry.interest.contains(ready) else { return }
    fired.append((descriptor, Readiness(token: token, ready: ready)))
    semaphore.signal()
  }

  private func arm(_ descriptor: Int32) {
    guard var entry = entries[descriptor] else { return }
    if entry.interest.contains(.read), entry.isHungUp {
      fired.append((descriptor, Readiness(token: entry.token, ready: .read)))
    } else if entry.interest.contains(.read), !entry.read.isArmed {
      entry.read.source.resume()
      entry.read.isArmed = true
    }
    if entry.interest.contains(.write), !entry.write.isArmed {
      entry.write.source.resume()
      entry.write.isArmed = true
    }
    entries[descriptor] = entry
  }
}
