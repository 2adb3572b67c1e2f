#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// ``Poller`` on poll(2), for any platform, with a pipe to wake it. The more connections are open, the more a wait costs.
///
/// Dispatch sources would not do: on Linux, when a peer hangs up, a source's queue gives up what Dispatch's own thread
/// may still be using, and the process dies (swift-corelibs-libdispatch, issue 949 and others).
///
/// `@unchecked Sendable`: its loop alone uses what is variable; the descriptors are constants, and the kernel allows
/// ``wake()`` from any thread.
final class PollPoller: Poller, @unchecked Sendable {
  private let wakeDescriptor: Int32
  private let wakeEnd: Int32
  /// What the kernel is asked, first of ``wakeDescriptor``.
  private var list: [pollfd]
  /// What each is reported under, in the same order.
  private var tokens: [UInt64] = [.max]
  /// Where each descriptor stands in both.
  private var places: [Int32: Int] = [:]

  init() throws(ServerError) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw .system(call: "pipe", errno: errno) }
    (wakeDescriptor, wakeEnd) = (ends[0], ends[1])
    list = [Self.question(wakeDescriptor, .read)]
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
  }

  deinit {
    Socket.close(wakeDescriptor)
    Socket.close(wakeEnd)
  }

  func add(_ descriptor: Int32, token: UInt64, interest: Interest) {
    places[descriptor] = list.count
    list.append(Self.question(descriptor, interest))
    tokens.append(token)
  }

  func modify(_ descriptor: Int32, token: UInt64, interest: Interest) {
    guard let place = places[descriptor] else { return }
    list[place] = Self.question(descriptor, interest)
  }

  func close(_ descriptor: Int32) {
    guard let place = places.removeValue(forKey: descriptor) else { return }
    // The last one moves into its place.
    let (lastQuestion, lastToken) = (list.removeLast(), tokens.removeLast())
    if place < list.count {
      (list[place], tokens[place]) = (lastQuestion, lastToken)
      places[lastQuestion.fd] = place
    }
    Socket.close(descriptor)
  }

  func wait(milliseconds: Int?, into events: inout [Readiness]) {
    events.removeAll(keepingCapacity: true)
    // `unsafe`: the kernel answers in the list, whose length it is told.
    guard unsafe poll(&list, nfds_t(list.count), Int32(milliseconds ?? -1)) > 0 else { return }
    if list[0].revents != 0 {
      var bytes = [UInt8](repeating: 0, count: 64)
      _ = unsafe read(wakeDescriptor, &bytes, bytes.count)
    }
    for place in 1..<list.count where list[place].revents != 0 {
      let bits = Int32(list[place].revents)
      let isBroken = bits & Int32(POLLHUP | POLLERR | POLLNVAL) != 0
      var ready: Interest = isBroken ? [.read, .write] : []
      if bits & Int32(POLLIN) != 0 { ready.insert(.read) }
      if bits & Int32(POLLOUT) != 0 { ready.insert(.write) }
      events.append(Readiness(token: tokens[place], ready: ready, isBroken: isBroken))
    }
  }

  func wake() {
    var byte: UInt8 = 0
    _ = unsafe write(wakeEnd, &byte, 1)
  }

  private static func question(_ descriptor: Int32, _ interest: Interest) -> pollfd {
    let bits = (interest.contains(.read) ? POLLIN : 0) | (interest.contains(.write) ? POLLOUT : 0)
    return pollfd(fd: descriptor, events: Int16(bits), revents: 0)
  }
}
