import JSON
import Logging

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes each message to standard output as one line of JSON: an object of its metadata, with numbers as numbers, and
/// nothing else.
struct JSONLogHandler: LogHandler {
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var line = Self.line(metadata.merging(event.metadata ?? [:]) { $1 })
    while !line.isEmpty {
      let count = unsafe write(STDOUT_FILENO, line, line.count)
      if count < 0, errno == EINTR { continue }
      // Nobody reads it any more: a line that is lost ends nothing.
      guard count > 0 else { return }
      line.removeFirst(count)
    }
  }

  /// The line with its LF; members in order of their names, but `time` first.
  static func line(_ metadata: Logger.Metadata) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      for (key, value) in metadata.sorted(by: { $0.key == "time" || $1.key != "time" && $0.key < $1.key }) {
        json.key(named: key)
        if case .stringConvertible(let number as Int) = value {
          json.integer(number)
        } else {
          json.string("\(value)")
        }
      }
    }
    return json.finish() + [UInt8(ascii: "\n")]
  }
}
