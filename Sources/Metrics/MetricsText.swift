/// Metrics as text: the format of Prometheus, version 0.0.4, or OpenMetrics 1.0.
///
/// A family is begun, then its samples are added. Names are those of the program; label values and help may be any
/// text.
public struct MetricsText: Sendable {
  /// The formats; they differ in the names of counters, in units and in the end.
  public enum Format: Sendable {
    /// `text/plain; version=0.0.4`
    case prometheus
    /// `application/openmetrics-text; version=1.0.0`
    case openMetrics
  }

  /// What a family's samples are.
  public enum Kind: String, Sendable {
    /// Only grows; its samples are called by the family's name and `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts of values up to bounds.
    case histogram
  }

  private let format: Format
  private var text: [UInt8] = []
  private var name = ""
  private var kind = Kind.gauge

  /// An empty text.
  public init(_ format: Format) {
    self.format = format
  }

  /// Begins a family.
  ///
  /// - Parameters:
  ///   - name: of letters, digits and `_`; without `_total`, but with its unit at the end if it has one.
  ///   - unit: the unit, where the name ends with it.
  ///   - help: one sentence.
  public mutating func begin(_ kind: Kind, _ name: String, unit: String? = nil, _ help: String) {
    self.name = name
    self.kind = kind
    let title = kind == .counter && format == .prometheus ? name + "_total" : name
    append("# HELP \(title) ")
    append(escaping: help, quotes: format == .openMetrics)
    append("\n# TYPE \(title) \(kind.rawValue)\n")
    if format == .openMetrics, let unit { append("# UNIT \(title) \(unit)\n") }
  }

  /// Adds a sample of a counter or gauge.
  public mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Int) {
    line(kind == .counter ? "_total" : "", labels, "\(value)")
  }

  /// Adds a sample of a counter or gauge.
  public mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Double) {
    line(kind == .counter ? "_total" : "", labels, number(value))
  }

  /// Adds the sample of a counter or gauge without labels.
  public mutating func sample(_ value: Int) { sample([:], value) }

  /// Adds the sample of a counter or gauge without labels.
  public mutating func sample(_ value: Double) { sample([:], value) }

  /// Adds the samples of a histogram.
  ///
  /// - Parameters:
  ///   - bounds: each bucket's largest value, rising.
  ///   - counts: the values in each bucket alone, and then those over the last bound: one more than `bounds`.
  ///   - sum: of all values.
  public mutating func histogram(
    _ labels: KeyValuePairs<String, String> = [:], bounds: [Double], counts: [Int], sum: Double
  ) {
    var count = 0
    for (bound, inBucket) in zip(bounds + [.infinity], counts) {
      count += inBucket
      line("_bucket", labels, le: number(bound), "\(count)")
    }
    line("_sum", labels, number(sum))
    line("_count", labels, "\(count)")
  }

  /// The whole text.
  public func finish() -> [UInt8] {
    format == .openMetrics ? text + Array("# EOF\n".utf8) : text
  }

  private mutating func line(
    _ suffix: String, _ labels: KeyValuePairs<String, String>, le: String? = nil, _ value: String
  ) {
    append(name)
    append(suffix)
    var opening = "{"
    for (label, value) in labels {
      append(opening)
      append(label)
      append("=\"")
      append(escaping: value, quotes: true)
      append("\"")
      opening = ","
    }
    if let le {
      append(opening)
      append("le=\"\(le)\"")
      opening = ","
    }
    append(opening == "," ? "} " : " ")
    append(value)
    append("\n")
  }

  private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
  }

  private mutating func append(_ string: String) { text.append(contentsOf: string.utf8) }

  private mutating func append(escaping string: String, quotes: Bool) {
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append("\\\\")
      case UInt8(ascii: "\n"): append("\\n")
      case UInt8(ascii: "\"") where quotes: append("\\\"")
      default: text.append(byte)
      }
    }
  }
}
