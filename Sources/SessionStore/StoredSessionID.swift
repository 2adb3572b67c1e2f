import Foundation

/// The 128 bits by which the store knows a session; what text stands for them is the caller's affair.
public struct StoredSessionID: Hashable, Comparable, Sendable {
  /// The upper 64 bits.
  public let high: UInt64
  /// The lower 64 bits.
  public let low: UInt64

  /// The id of its two halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Ordered as 128-bit numbers, which is also the order of the stored bytes.
  public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }
}

extension StoredSessionID {
  /// 16 bytes, the greatest first.
  var data: Data {
    Data(
      [high, low].flatMap { word in
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
      })
  }

  /// The id of 16 bytes; the schema lets no other length into the database.
  init(_ data: Data) {
    func word(_ bytes: Data) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(high: word(data.prefix(8)), low: word(data.dropFirst(8)))
  }
}
