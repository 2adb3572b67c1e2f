import Metrics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The metrics that every Prometheus client has of its process, by their usual names. What a platform does not tell is
/// left out.
struct ProcessMetrics: Sendable {
  /// When this was made, in seconds since 1970 UTC: as good as the start of the process.
  private let start = Double(Socket.unixNanoseconds) / 1e9

  func write(to text: inout MetricsText) {
    text.begin(
      .gauge, "process_start_time_seconds", unit: "seconds",
      "When the process began, in seconds since 1970 UTC.")
    text.sample(start)
    text.begin(
      .counter, "process_cpu_seconds", unit: "seconds", "Processor time, of user and system together.")
    text.sample(Self.cpuSeconds)
    if let (virtual, resident) = Self.memory {
      text.begin(.gauge, "process_virtual_memory_bytes", unit: "bytes", "Virtual memory.")
      text.sample(virtual)
      text.begin(.gauge, "process_resident_memory_bytes", unit: "bytes", "Resident memory.")
      text.sample(resident)
    }
    if let open = Self.openDescriptors {
      text.begin(.gauge, "process_open_fds", "Open file descriptors.")
      text.sample(open)
    }
    if let limit = Socket.descriptorLimit {
      text.begin(.gauge, "process_max_fds", "File descriptors that may be open.")
      text.sample(limit)
    }
  }

  private static var cpuSeconds: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Bytes, by /proc/self/statm (proc(5)).
  private static var memory: (virtual: Int, resident: Int)? {
    let file = unsafe fopen("/proc/self/statm", "re")
    guard let file = unsafe file else { return nil }
    defer { unsafe fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = unsafe fread(&buffer, 1, buffer.count, file)
    let pages = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ").prefix(2).compactMap {
      Int($0)
    }
    let size = sysconf(Int32(_SC_PAGESIZE))
    return pages.count == 2 ? (pages[0] * size, pages[1] * size) : nil
  }

  /// The entries of /proc/self/fd, less the one that reading it needs.
  private static var openDescriptors: Int? {
    let folder = unsafe opendir("/proc/self/fd")
    guard let folder = unsafe folder else { return nil }
    defer { unsafe closedir(folder) }
    var count = 0
    while unsafe readdir(folder) != nil { count += 1 }
    return count - 3
  }
}
