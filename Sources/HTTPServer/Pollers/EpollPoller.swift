#if os(Linux)
  import CSystem
  import Glibc

  /// ``Poller`` on epoll(7), with an eventfd(2) to wake it.
  ///
  /// `@unchecked Sendable`: its loop alone uses the event list; the descriptors are constants, and the kernel allows
  /// ``wake()`` from any thread.
  ///
  /// `@safe`: `epoll_event` holds a union, of which only `u64` is ever set or read.
  @safe final class EpollPoller: Poller, @unchecked Sendable {
    private static let wakeToken = UInt64.max
    private let epoll: Int32
    private let wakeDescriptor: Int32
    private static let listLength = 256
    private let list = UnsafeMutablePointer<epoll_event>.allocate(capacity: listLength)

    init() throws(ServerError) {
      epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
      guard epoll >= 0 else { throw .system(call: "epoll_create1", errno: errno) }
      wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
      guard wakeDescriptor >= 0 else {
        throw .system(call: "eventfd", errno: errno)  // deinit runs and closes the other
      }
      add(wakeDescriptor, token: Self.wakeToken, interest: .read)
    }

    deinit {
      unsafe list.deallocate()
      Socket.close(wakeDescriptor)
      Socket.close(epoll)
    }

    func add(_ descriptor: Int32, token: UInt64, interest: Interest) {
      control(EPOLL_CTL_ADD, descriptor, token, interest)
    }

    func modify(_ descriptor: Int32, token: UInt64, interest: Interest) {
      control(EPOLL_CTL_MOD, descriptor, token, interest)
    }

    func close(_ descriptor: Int32) {
      Socket.close(descriptor)
    }

    func wait(milliseconds: Int?, into events: inout [Readiness]) {
      while events.popLast() != nil {}
      // `unsafe`: the kernel fills the list, whose length it is told, and tells how far.
      let count = unsafe epoll_wait(epoll, list, Int32(Self.listLength), Int32(milliseconds ?? -1))
      for index in 0..<max(Int(count), 0) {
        let event = unsafe list[index]
        let token = unsafe event.data.u64
        let bits = unsafe event.events
        if token == Self.wakeToken {
          var counter: UInt64 = 0
          _ = unsafe eventfd_read(wakeDescriptor, &counter)
          continue
        }
        var ready: Interest = []
        if bits & (csystem_epollin | csystem_epollhup) != 0 { ready.insert(.read) }
        if bits & (csystem_epollout | csystem_epollhup) != 0 { ready.insert(.write) }
        events.append(
          Readiness(token: token, ready: ready, isBroken: bits & csystem_epollhup != 0))
      }
    }

    func wake() {
      _ = eventfd_write(wakeDescriptor, 1)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ interest: Interest) {
      var event = unsafe epoll_event()
      unsafe event.events =
        (interest.contains(.read) ? csystem_epollin : 0) | (interest.contains(.write) ? csystem_epollout : 0)
      unsafe event.data.u64 = token
      _ = unsafe epoll_ctl(epoll, operation, descriptor, &event)
    }
  }
#endif
